package sysfile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/plumb-go/plumb/lti"
)

// textForms are the words that may begin a line of text, with the keys that each may have.
var textForms = map[string]string{"tf": "num den ts", "zpk": "z p k ts", "ss": "a b c d ts", "gain": "d ts"}

// IsText says whether an argument is a system in one line of text rather than the name of a file.
func IsText(arg string) bool {
	arg = strings.TrimSpace(arg)
	if word, _, ok := strings.Cut(arg, ":"); ok {
		if _, ok := textForms[strings.ToLower(strings.TrimSpace(word))]; ok {
			return true
		}
	}
	if strings.HasPrefix(arg, "[") {
		return true
	}
	_, err := strconv.ParseFloat(arg, 64)
	return err == nil
}

// Parse reads a system from one line of text (see the package comment).
func Parse(text string) (*lti.SS, error) {
	g, err := parse(strings.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("sysfile: %q: %w", shorten(text), err)
	}
	return g, nil
}

func parse(text string) (*lti.SS, error) {
	word, body, ok := strings.Cut(text, ":")
	word = strings.ToLower(strings.TrimSpace(word))
	keys, known := textForms[word]
	if !ok || !known {
		word, body, keys = "gain", text, textForms["gain"]
	}
	if word == "gain" && !strings.Contains(body, "=") {
		body = "d=" + strings.TrimSpace(body)
	}
	d := &document{values: map[string]value{}}
	for rest := strings.TrimSpace(body); rest != ""; {
		var err error
		if rest, err = d.pair(word, keys, rest); err != nil {
			return nil, err
		}
	}
	return d.system()
}

// pair takes one KEY=VALUE off the text.
func (d *document) pair(word, keys, text string) (rest string, err error) {
	key, after, ok := strings.Cut(text, "=")
	key = strings.ToLower(strings.TrimSpace(key))
	if !ok || !strings.Contains(" "+keys+" ", " "+key+" ") || key == "" {
		return "", fmt.Errorf("%q is no key of %s, expected %s", shorten(key), word, strings.Join(strings.Fields(keys), ", "))
	}
	after = strings.TrimLeft(after, " \t\n")
	end := strings.IndexAny(after, " \t\n,;")
	if strings.HasPrefix(after, "[") {
		if end = strings.IndexByte(after, ']') + 1; end == 0 {
			return "", fmt.Errorf("%s: the bracket is not closed", key)
		}
	} else if end < 0 {
		end = len(after)
	}
	v, err := parseValue(after[:end])
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	if _, twice := d.values[key]; twice {
		return "", fmt.Errorf("%s is given twice", key)
	}
	d.values[key] = v
	return strings.TrimLeft(after[end:], " \t\n,;"), nil
}

// parseValue reads a number or a matrix in brackets: rows separated by semicolons, entries by blanks or commas.
func parseValue(text string) (value, error) {
	body, bracket := strings.CutPrefix(text, "[")
	if bracket {
		body = strings.TrimSuffix(body, "]")
	}
	var v value
	for line := range strings.SplitSeq(body, ";") {
		var row []complex128
		for _, f := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(", \t\n", r) }) {
			z, err := parseNumber(f)
			if err != nil {
				if bracket {
					return nil, fmt.Errorf("row %d, column %d: %w", len(v)+1, len(row)+1, err)
				}
				return nil, err
			}
			row = append(row, z)
		}
		if len(row) == 0 {
			if strings.TrimSpace(body) == "" && bracket {
				return value{}, nil
			}
			return nil, fmt.Errorf("row %d of %q is empty", len(v)+1, shorten(text))
		}
		v = append(v, row)
	}
	return v, nil
}

// parseNumber reads 2.5, -1e3, 2-3i, 4i or 1+2j.
func parseNumber(text string) (complex128, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err == nil {
		return complex(v, 0), nil
	}
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%q is beyond the range of double precision", shorten(text))
	}
	z, err := strconv.ParseComplex(strings.Replace(text, "j", "i", 1), 128)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", shorten(text))
	}
	return z, nil
}

func shorten(text string) string {
	const most = 80
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "..."
	}
	return text
}
