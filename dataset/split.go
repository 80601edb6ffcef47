package dataset

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The default split: the last quarter tests, the 15 % before it validate.
const (
	defaultValidation = 0.15
	defaultTest       = 0.25
	wholeExperiments  = 3 // from this many experiments on they are not cut
)

var sampleRange = regexp.MustCompile(`^(\d+)-(\d*)$`)

// ParseSplit reads a split TRAIN/VALIDATION/TEST of a record; the parts' windows are left 0. A part is empty or "-", or
// a comma list of
//
//	exp=NAME  exp=3  exp=2..5        whole experiments, by name or by number from 1
//	exp=NAME:100-199                 samples of an experiment, from 0, both ends included; "100-" runs to the end
//	100-199                          the same where the record has a single experiment
//
// and "exp=" may be left out once it was written: exp=1..4/5/6. Or all parts are fractions, 0.6/0.15/0.25, taken in
// this order from the beginning: of the number of experiments where there are three or more, else of the samples of
// each experiment. An empty split is the default: 0.6/0.15/0.25, where with three or more experiments the last quarter
// of them (at least one) tests and the one before validates.
func ParseSplit(r *Record, split string) (train, validation, test []Part, err error) {
	if len(r.Experiments) == 0 {
		return nil, nil, nil, fmt.Errorf("dataset: the record has no experiment")
	}
	if strings.TrimSpace(split) == "" {
		parts := defaultSplit(r)
		return parts[0], parts[1], parts[2], nil
	}
	groups := strings.Split(split, "/")
	if len(groups) != 3 {
		return nil, nil, nil, fmt.Errorf("dataset: split %q has %d parts; write TRAIN/VALIDATION/TEST and leave a part empty with -, for example exp=1..4/5/6, 0-799/-/800-999 or 0.6/0.15/0.25", split, len(groups))
	}
	for i := range groups {
		if groups[i] = strings.TrimSpace(groups[i]); groups[i] == "-" {
			groups[i] = ""
		}
	}
	if f, ok := fractions(groups); ok {
		parts, err := splitFractions(r, f)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("dataset: split %q: %w", split, err)
		}
		return parts[0], parts[1], parts[2], nil
	}
	var parts [3][]Part
	named := false // "exp=" was written
	for i, g := range groups {
		for item := range strings.SplitSeq(g, ",") {
			if g == "" {
				break
			}
			item = strings.TrimSpace(item)
			rest, ok := strings.CutPrefix(item, "exp=")
			named = named || ok
			p, err := r.items(rest, named)
			if err != nil {
				return nil, nil, nil, fmt.Errorf("dataset: split %q: %w", split, err)
			}
			parts[i] = append(parts[i], p...)
		}
	}
	if len(parts[0])+len(parts[1])+len(parts[2]) == 0 {
		return nil, nil, nil, fmt.Errorf("dataset: split %q leaves every part empty", split)
	}
	return parts[0], parts[1], parts[2], nil
}

// items resolves one entry of a part.
func (r *Record) items(item string, named bool) ([]Part, error) {
	single := len(r.Experiments) == 1
	if !named || single && sampleRange.MatchString(item) {
		if !sampleRange.MatchString(item) {
			return nil, fmt.Errorf("%q is neither a range of samples such as 0-511 nor an experiment such as exp=1", item)
		}
		if !single {
			return nil, fmt.Errorf("samples %s of which of the %d experiments? Write exp=N:%s", item, len(r.Experiments), item)
		}
		p, err := r.samples(0, item)
		return []Part{p}, err
	}
	if i, ok := r.find(item); ok {
		return []Part{r.whole(i)}, nil
	}
	if at := strings.LastIndexByte(item, ':'); at >= 0 && sampleRange.MatchString(item[at+1:]) {
		i, ok := r.find(item[:at])
		if !ok {
			return nil, r.unknown(item[:at])
		}
		p, err := r.samples(i, item[at+1:])
		return []Part{p}, err
	}
	if a, b, ok := strings.Cut(item, ".."); ok {
		from, ok := r.find(a)
		if !ok {
			return nil, r.unknown(a)
		}
		to, ok := r.find(b)
		if !ok {
			return nil, r.unknown(b)
		}
		if to < from {
			return nil, fmt.Errorf("experiments %s run backwards", item)
		}
		var out []Part
		for i := from; i <= to; i++ {
			out = append(out, r.whole(i))
		}
		return out, nil
	}
	return nil, r.unknown(item)
}

// find is the experiment of that name, else of that number from 1.
func (r *Record) find(s string) (int, bool) {
	if s == "" {
		return 0, false
	}
	if i := slices.IndexFunc(r.Experiments, func(e Experiment) bool { return e.Name == s }); i >= 0 {
		return i, true
	}
	n, err := strconv.Atoi(s)
	return n - 1, err == nil && n >= 1 && n <= len(r.Experiments)
}

func (r *Record) unknown(s string) error {
	const most = 12
	var names []string
	for i, e := range r.Experiments {
		if i == most {
			names = append(names, "...")
			break
		}
		if e.Name != "" {
			names = append(names, strconv.Quote(e.Name))
		}
	}
	named := ""
	if len(names) > 0 {
		named = ", named " + strings.Join(names, ", ")
	}
	return fmt.Errorf("experiment %q is not in the record, which has %d (numbers 1 to %d%s)", s, len(r.Experiments), len(r.Experiments), named)
}

// whole is an experiment as one part, named after it where there are several.
func (r *Record) whole(i int) Part {
	p := Part{Experiment: i, To: r.Experiments[i].Len()}
	if len(r.Experiments) > 1 {
		p.Name = r.Experiments[i].Name
	}
	return p
}

func (r *Record) samples(i int, s string) (Part, error) {
	p := r.whole(i)
	n := p.To
	m := sampleRange.FindStringSubmatch(s)
	from, err := strconv.Atoi(m[1])
	to := n - 1
	if err == nil && m[2] != "" {
		to, err = strconv.Atoi(m[2])
	}
	if err != nil || from > to || to >= n {
		return p, fmt.Errorf("samples %s of experiment %s, which has samples 0-%d", s, r.experiment(i), n-1)
	}
	p.From, p.To = from, to+1
	return p, nil
}

// fractions reads three fractions; at least one must have a decimal point, so that experiment numbers are never taken
// for one.
func fractions(groups []string) (f [3]float64, ok bool) {
	for i, g := range groups {
		if g == "" {
			continue
		}
		v, err := strconv.ParseFloat(g, 64)
		if err != nil {
			return f, false
		}
		f[i] = v
		ok = ok || strings.ContainsRune(g, '.')
	}
	return f, ok
}

func splitFractions(r *Record, f [3]float64) (parts [3][]Part, err error) {
	const rounding = 1e-9 // 0.6+0.15+0.25 in decimal is 1 up to this
	if !(f[0] >= 0 && f[1] >= 0 && f[2] >= 0 && f[0]+f[1]+f[2] <= 1+rounding) {
		return parts, fmt.Errorf("fractions must not be negative and sum to at most 1, these sum to %g", f[0]+f[1]+f[2])
	}
	cut := func(n int) (at [4]int) {
		sum := 0.0
		for i := range f {
			sum += f[i]
			at[i+1] = min(int(math.Round(sum*float64(n))), n)
		}
		return at
	}
	if n := len(r.Experiments); n >= wholeExperiments {
		at := cut(n)
		for i := range f {
			if f[i] > 0 && at[i] == at[i+1] {
				return parts, fmt.Errorf("%g of %d experiments is less than one; name the experiments instead, such as exp=1..%d/%d/%d", f[i], n, n-2, n-1, n)
			}
			for e := at[i]; e < at[i+1]; e++ {
				parts[i] = append(parts[i], r.whole(e))
			}
		}
		return parts, nil
	}
	for e := range r.Experiments {
		at := cut(r.Experiments[e].Len())
		for i := range f {
			if at[i] < at[i+1] {
				p := r.whole(e)
				p.From, p.To = at[i], at[i+1]
				parts[i] = append(parts[i], p)
			}
		}
	}
	return parts, nil
}

func defaultSplit(r *Record) (parts [3][]Part) {
	n := len(r.Experiments)
	if n < wholeExperiments {
		parts, _ = splitFractions(r, [3]float64{1 - defaultValidation - defaultTest, defaultValidation, defaultTest}) // sums to 1
		return parts
	}
	test := max(1, int(math.Round(defaultTest*float64(n))))
	for i := range n {
		role := 0
		if i >= n-test {
			role = 2
		} else if i == n-test-1 {
			role = 1
		}
		parts[role] = append(parts[role], r.whole(i))
	}
	return parts
}
