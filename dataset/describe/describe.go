package describe

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/plumb-go/plumb/dataset"
)

const (
	defaultWindow = 20
	maxSize       = 1 << 20 // a description is written by hand
)

var rowRange = regexp.MustCompile(`^(\d+)-(\d+)$`)

// Open reads a description and the files it names. Paths are relative to the description's folder.
func Open(path string) (*dataset.Set, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("describe: %w", err)
	}
	if info.Size() > maxSize {
		return nil, &Error{File: path, Problem: fmt.Sprintf("%d bytes, a description has at most %d", info.Size(), maxSize)}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("describe: %w", err)
	}
	doc, err := parse(text)
	if err == nil {
		b := &builder{doc: doc, dir: filepath.Dir(path), open: map[string]*dataset.Record{}}
		var set *dataset.Set
		if set, err = b.build(); err == nil {
			if set.Record.Name == "" {
				set.Record.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
			}
			return set, nil
		}
	}
	var e *Error
	if errors.As(err, &e) {
		e.File = path
		return nil, e
	}
	return nil, fmt.Errorf("describe: %s: %w", path, err)
}

// builder makes a set of a document.
type builder struct {
	doc    *document
	dir    string
	ts     float64
	window int
	names  []word // signals, inputs first
	open   map[string]*dataset.Record
	rec    *dataset.Record
}

func (b *builder) build() (*dataset.Set, error) {
	doc := b.doc
	var err error
	if b.ts, err = doc.Ts.number("ts", 0); err != nil {
		return nil, err
	}
	if b.window, err = doc.Window.count("window", defaultWindow); err != nil {
		return nil, err
	}
	b.rec = &dataset.Record{Name: doc.Name.text, Ts: b.ts}
	if err := b.signals(); err != nil {
		return nil, err
	}
	if len(doc.Experiments) == 0 {
		return nil, &Error{Problem: "no experiments; name at least one with its file"}
	}
	for i := range doc.Experiments {
		if err := b.experiment(&doc.Experiments[i]); err != nil {
			return nil, err
		}
	}
	set := &dataset.Set{Record: b.rec}
	for i := range b.names {
		if i < len(doc.Inputs) {
			set.Inputs = append(set.Inputs, i)
		} else {
			set.Outputs = append(set.Outputs, i)
		}
	}
	if err := b.parts(set); err != nil {
		return nil, err
	}
	return set, set.Check()
}

func (b *builder) signals() error {
	if len(b.doc.Inputs) == 0 || len(b.doc.Outputs) == 0 {
		return &Error{Problem: "inputs and outputs must each name at least one signal"}
	}
	for _, s := range slices.Concat(b.doc.Inputs, b.doc.Outputs) {
		if s.Name.text == "" {
			return &Error{Problem: "a signal without a name under inputs or outputs"}
		}
		if slices.ContainsFunc(b.names, func(w word) bool { return w.text == s.Name.text }) {
			return s.Name.fail("signal %q is declared twice", s.Name.text)
		}
		b.names = append(b.names, s.Name)
		b.rec.Signals = append(b.rec.Signals, dataset.Signal{Name: s.Name.text, Unit: s.Unit.text})
	}
	return nil
}

func (b *builder) experiment(x *experiment) error {
	if x.Name.text == "" {
		return &Error{Problem: fmt.Sprintf("experiment %d has no name", len(b.rec.Experiments)+1)}
	}
	if slices.ContainsFunc(b.rec.Experiments, func(e dataset.Experiment) bool { return e.Name == x.Name.text }) {
		return x.Name.fail("experiment %q is declared twice", x.Name.text)
	}
	for _, c := range x.Columns {
		if key := c.signal; !slices.ContainsFunc(b.names, func(w word) bool { return w.text == key.text }) {
			return key.fail("%q is no signal; columns are written as SIGNAL: COLUMN OF THE FILE", key.text)
		}
	}
	e := dataset.Experiment{Name: x.Name.text}
	for _, name := range b.names {
		col, jitter, err := b.column(x, name)
		if err != nil {
			return err
		}
		if len(e.Data) > 0 && len(col) != e.Len() {
			return x.Name.fail("experiment %q: %q has %d samples, %q has %d", x.Name.text, name.text, len(col), b.names[0].text, e.Len())
		}
		e.Data = append(e.Data, col)
		if jitter.Jitter > e.Jitter {
			e.Jitter, e.JitterAt = jitter.Jitter, jitter.JitterAt
		}
	}
	from, to, err := rows(x.Rows, 0, e.Len())
	if err != nil {
		return err
	}
	for i := range e.Data {
		e.Data[i] = e.Data[i][from:to:to]
	}
	e.JitterAt -= from
	if e.JitterAt < 0 || e.JitterAt >= to-from {
		e.Jitter, e.JitterAt = 0, 0 // the step lies outside the rows taken
	}
	b.rec.Experiments = append(b.rec.Experiments, e)
	return nil
}

// column finds the samples of one signal of an experiment.
func (b *builder) column(x *experiment, name word) (col []float64, from *dataset.Experiment, err error) {
	src, _ := x.Columns.of(name.text)
	if src.Column.text == "" {
		src.Column = word{text: name.text, line: x.Name.line, column: x.Name.column}
	}
	if src.File.text == "" {
		src.File = x.File
	}
	if src.File.text == "" {
		return nil, nil, x.Name.fail("experiment %q has no file for %q", x.Name.text, name.text)
	}
	scale, err := src.Scale.number("scale", 1)
	if err != nil {
		return nil, nil, err
	}
	rec, err := b.record(x, src.File)
	if err != nil {
		return nil, nil, err
	}
	which, err := pick(rec, x)
	if err != nil {
		return nil, nil, err
	}
	c := slices.IndexFunc(rec.Signals, func(s dataset.Signal) bool { return s.Name == src.Column.text })
	if c < 0 {
		return nil, nil, src.Column.fail("%s has no column %q", src.File.text, src.Column.text)
	}
	e := &rec.Experiments[which]
	col = slices.Clone(e.Data[c])
	if scale != 1 {
		for k := range col {
			col[k] *= scale
		}
	}
	return col, e, nil
}

// record opens a file once per way of reading it and takes its sampling time.
func (b *builder) record(x *experiment, file word) (*dataset.Record, error) {
	o := dataset.Options{Ts: b.ts, Time: x.Time.text, DecimalComma: x.DecimalComma}
	var err error
	if o.Jitter, err = x.Jitter.number("jitter", 0); err != nil {
		return nil, err
	}
	switch s := x.Separator.text; {
	case s == "tab" || s == "\t":
		o.Separator = '\t'
	case s == "space":
		o.Separator = ' '
	case s == "," || s == ";" || s == "":
		if s != "" {
			o.Separator = s[0]
		}
	default:
		return nil, x.Separator.fail("separator %q, expected a comma, a semicolon, tab or space", s)
	}
	o.Columns = b.needed(file.text)
	key := fmt.Sprintf("%s|%+v", file.text, o)
	if rec := b.open[key]; rec != nil {
		return rec, nil
	}
	path := file.text
	if !filepath.IsAbs(path) {
		path = filepath.Join(b.dir, path)
	}
	rec, err := dataset.Open(path, o)
	if err != nil {
		return nil, file.fail("%v", err)
	}
	switch {
	case b.rec.Ts == 0:
		b.rec.Ts = rec.Ts
	case rec.Ts != 0 && rec.Ts != b.rec.Ts:
		return nil, file.fail("%s is sampled every %g s, the files before it every %g s; all must agree", file.text, rec.Ts, b.rec.Ts)
	}
	b.open[key] = rec
	return rec, nil
}

// needed lists the columns that any experiment takes from a file, so that others may hold text.
func (b *builder) needed(file string) []string {
	var out []string
	for i := range b.doc.Experiments {
		x := &b.doc.Experiments[i]
		for _, name := range b.names {
			f, col := x.File.text, name.text
			if s, ok := x.Columns.of(name.text); ok {
				f, col = cmp.Or(s.File.text, f), cmp.Or(s.Column.text, col)
			}
			if f == file && !slices.Contains(out, col) {
				out = append(out, col)
			}
		}
	}
	return out
}

// pick finds the experiment of the file.
func pick(rec *dataset.Record, x *experiment) (int, error) {
	want := x.Experiment
	if want.text == "" {
		if len(rec.Experiments) > 1 {
			return 0, x.Name.fail("the file holds %d experiments; say which with experiment:", len(rec.Experiments))
		}
		return 0, nil
	}
	if i := slices.IndexFunc(rec.Experiments, func(e dataset.Experiment) bool { return e.Name == want.text }); i >= 0 {
		return i, nil
	}
	if n, err := strconv.Atoi(want.text); err == nil && n >= 1 && n <= len(rec.Experiments) {
		return n - 1, nil
	}
	return 0, want.fail("experiment %q is not in the file, which has %d", want.text, len(rec.Experiments))
}

// rows reads a range of samples, both ends included, of an experiment of n samples.
func rows(w word, from, n int) (int, int, error) {
	if w.text == "" {
		return from, n, nil
	}
	m := rowRange.FindStringSubmatch(w.text)
	if m == nil {
		return 0, 0, w.fail("rows %q, expected FROM-TO such as 0-999", w.text)
	}
	a, errA := strconv.Atoi(m[1])
	z, errZ := strconv.Atoi(m[2])
	if errA != nil || errZ != nil || a > z || z >= n {
		return 0, 0, w.fail("rows %s, but there are samples 0-%d", w.text, n-1)
	}
	return a, z + 1, nil
}

func (b *builder) parts(set *dataset.Set) (err error) {
	if b.doc.Parts == nil {
		set.Train, set.Validation, set.Test, err = dataset.ParseSplit(b.rec, "")
		for _, list := range [][]dataset.Part{set.Train, set.Validation, set.Test} {
			for i := range list {
				list[i].Window = b.window
			}
		}
		return err
	}
	for _, g := range []struct {
		from []part
		to   *[]dataset.Part
	}{{b.doc.Parts.Train, &set.Train}, {b.doc.Parts.Validation, &set.Validation}, {b.doc.Parts.Test, &set.Test}} {
		for _, p := range g.from {
			q, err := b.part(p)
			if err != nil {
				return err
			}
			*g.to = append(*g.to, q)
		}
	}
	if len(set.Train)+len(set.Validation)+len(set.Test) == 0 {
		return &Error{Problem: "parts is empty; leave it out for the default split"}
	}
	return nil
}

func (b *builder) part(p part) (dataset.Part, error) {
	find := func(name string) int {
		return slices.IndexFunc(b.rec.Experiments, func(e dataset.Experiment) bool { return e.Name == name })
	}
	i := find(p.Experiment.text)
	if i < 0 && p.Rows.text == "" {
		if at := strings.LastIndexByte(p.Experiment.text, ':'); at > 0 {
			p.Rows = p.Experiment
			p.Rows.text = strings.TrimSpace(p.Experiment.text[at+1:])
			p.Experiment.text = p.Experiment.text[:at]
			i = find(p.Experiment.text)
		}
	}
	if i < 0 {
		return dataset.Part{}, p.Experiment.fail("no experiment is called %q", p.Experiment.text)
	}
	from, to, err := rows(p.Rows, 0, b.rec.Experiments[i].Len())
	if err != nil {
		return dataset.Part{}, err
	}
	window, err := p.Window.count("window", b.window)
	if err != nil {
		return dataset.Part{}, err
	}
	q := dataset.Part{Name: p.Name.text, Experiment: i, From: from, To: to, Window: window}
	if q.Name == "" {
		q.Name = p.Experiment.text
	}
	if q.Scored() < 1 {
		return q, p.Experiment.fail("the part has %d samples and a window of %d; nothing is left to score", to-from, window)
	}
	return q, nil
}
