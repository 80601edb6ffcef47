package cli

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"github.com/plumb-go/plumb/dataset"
	"github.com/plumb-go/plumb/dataset/benchmark"
	"github.com/plumb-go/plumb/dataset/describe"
)

// source says where the data come from and how they are cut.
type source struct {
	Data    string   `json:"data"`
	Dir     string   `json:"dir,omitempty"` // folder of the benchmark files
	Inputs  []string `json:"inputs,omitempty"`
	Outputs []string `json:"outputs,omitempty"`
	Units   []string `json:"units,omitempty"`
	Ts      float64  `json:"ts,omitempty"`
	Split   string   `json:"split,omitempty"`
	Window  int      `json:"init_window,omitempty"`
}

// defaultWindow is the number of samples at the start of a part that initialise the state and are not scored.
const defaultWindow = 20

func (s *source) flags(f *pflag.FlagSet) {
	f.StringVar(&s.Dir, "data", "", "folder that holds the files of benchmark:NAME")
	f.StringSliceVar(&s.Inputs, "inputs", nil, "input signals by name, comma separated; default u, u1, u2, ...")
	f.StringSliceVar(&s.Outputs, "outputs", nil, "output signals by name, comma separated; default y, y1, y2, ...")
	f.StringSliceVar(&s.Units, "units", nil, "units as NAME=UNIT, comma separated, where the file has none")
	f.Float64Var(&s.Ts, "ts", 0, "sampling time in seconds, where the file has no time column")
	f.StringVar(&s.Split, "split", "", "TRAIN/VALIDATION/TEST: exp=1..4/5/6, 0-699/700-849/850-999, or 0.6/0.15/0.25 (the default); - leaves a part empty")
	f.IntVar(&s.Window, "init-window", 0, "samples at the start of each part that initialise the state and are not scored; default 20")
}

// load reads the data and cuts them into parts.
func (s *source) load() (*dataset.Set, error) {
	rec, set, err := s.open()
	if err != nil || set != nil {
		return set, err
	}
	in, out, err := s.roles(rec)
	if err != nil {
		return nil, err
	}
	if s.Window < 0 {
		return nil, fmt.Errorf("--init-window %d must not be negative", s.Window)
	}
	window := s.Window
	if window == 0 {
		window = defaultWindow
	}
	return dataset.Select(rec, in, out, s.Split, window)
}

// open reads the data. A source that has its own signals and parts gives a set, a plain file only a record.
func (s *source) open() (*dataset.Record, *dataset.Set, error) {
	set, err := s.ownParts()
	if err != nil {
		return nil, nil, err
	}
	if set != nil {
		return set.Record, set, nil
	}
	rec, err := s.record()
	return rec, nil, err
}

// ownParts opens a demo, a benchmark or a description; nil for a plain file.
func (s *source) ownParts() (*dataset.Set, error) {
	kind, name, tagged := strings.Cut(s.Data, ":")
	switch ext := strings.ToLower(filepath.Ext(s.Data)); {
	case tagged && kind == "demo":
		d, ok := demoNamed(s.Data)
		if !ok {
			return nil, fmt.Errorf("there is no demo %q; try %s", name, demoNames)
		}
		if err := s.only("a demo"); err != nil {
			return nil, err
		}
		return d.set()
	case tagged && kind == "benchmark":
		if s.Dir == "" {
			return nil, fmt.Errorf("%s needs --data DIR, the folder with the measured files; they are not shipped with plumb", s.Data)
		}
		if err := s.only("a benchmark"); err != nil {
			return nil, err
		}
		return benchmark.Open(name, s.Dir)
	case ext == ".yaml" || ext == ".yml":
		if err := s.only("a description"); err != nil {
			return nil, err
		}
		return describe.Open(s.Data)
	}
	return nil, nil
}

// record reads a file without cutting it.
func (s *source) record() (*dataset.Record, error) {
	rec, err := dataset.Open(s.Data, dataset.Options{Ts: s.Ts})
	if err != nil {
		return nil, err
	}
	for _, u := range s.Units {
		name, unit, ok := strings.Cut(u, "=")
		if !ok {
			return nil, fmt.Errorf("--units %q: write NAME=UNIT, for example level=V", u)
		}
		found := false
		for i := range rec.Signals {
			if rec.Signals[i].Name == name {
				rec.Signals[i].Unit, found = unit, true
			}
		}
		if !found {
			return nil, fmt.Errorf("--units names %q, which is not a signal of %s", name, s.Data)
		}
	}
	return rec, nil
}

// only refuses flags that a source with its own split and signals does not take.
func (s *source) only(what string) error {
	if s.Split != "" || len(s.Inputs)+len(s.Outputs)+len(s.Units) > 0 || s.Ts != 0 || s.Window != 0 {
		return fmt.Errorf("%s has its own signals, split, sampling time and window; leave out --inputs, --outputs, --units, --ts, --split and --init-window, or give the file itself", what)
	}
	return nil
}

var (
	inputName  = regexp.MustCompile(`^[uU]\d*$`)
	outputName = regexp.MustCompile(`^[yY]\d*$`)
)

// roles finds the inputs and outputs: as named, else by the usual names, else the first and second of two signals.
func (s *source) roles(rec *dataset.Record) (in, out []string, err error) {
	in, out = s.Inputs, s.Outputs
	for _, sig := range rec.Signals {
		if len(s.Inputs) == 0 && inputName.MatchString(sig.Name) {
			in = append(in, sig.Name)
		}
		if len(s.Outputs) == 0 && outputName.MatchString(sig.Name) {
			out = append(out, sig.Name)
		}
	}
	if len(in) == 0 && len(out) == 0 && len(rec.Signals) == 2 {
		in, out = []string{rec.Signals[0].Name}, []string{rec.Signals[1].Name}
	}
	var names []string
	for _, sig := range rec.Signals {
		names = append(names, sig.Name)
	}
	if len(in) == 0 {
		return nil, nil, fmt.Errorf("%s: which signals are inputs? name them with --inputs; there are %s", s.Data, strings.Join(names, ", "))
	}
	if len(out) == 0 {
		return nil, nil, fmt.Errorf("%s: which signals are outputs? name them with --outputs; there are %s", s.Data, strings.Join(names, ", "))
	}
	return in, out, nil
}
