// Package repro reproduces published figures and tables: each entry runs the experiment, draws its figures and checks
// the numbers that were published, or the bands they must lie in, one check per number.
//
// Run writes a folder: report.html (self-contained), the data behind each picture as CSV, the models as bundles with their
// certificates, and result.json. The same options, with Steps instead of a time budget, give the same numbers on one
// platform.
package repro

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/report"
)

// Number is a figure that JSON writes as null where it is not finite.
type Number = ident.Figure

// Result is the outcome of a reproduction.
type Result struct {
	Name    string   `json:"name"`
	Pass    bool     `json:"pass"` // all checks pass
	Seconds float64  `json:"seconds"`
	Checks  []Check  `json:"checks"`
	Outputs []string `json:"outputs,omitempty"` // names, in the order of the lists of the models
	Units   []string `json:"units,omitempty"`
	Models  []Model  `json:"models,omitempty"`
	Page    string   `json:"page,omitempty"` // the report; "" when nothing was written
}

// Check is one published number, or one band that a number must lie in.
type Check struct {
	Name  string `json:"name"`
	Value Number `json:"value"`
	Bound string `json:"bound"` // ">= 90 %"; Reported where nothing is required
	Pass  bool   `json:"pass"`
}

// Reported is the bound of a figure that is printed and required to be nothing.
const Reported = "reported"

// Model is one row of a comparison. Lists have one entry per output.
type Model struct {
	Name     string   `json:"name"`
	Claim    string   `json:"claim"`    // "" of the linear model, whose stability is not judged
	Verdict  string   `json:"verdict"`  // what the checker says of the file
	FIT      []Number `json:"fit"`      // free simulation, percent
	RMSE     []Number `json:"rmse"`     // unit of the output
	SumFIT   Number   `json:"sum_fit"`  // equation (20) of Bonassi et al. 2023, percent
	Smallest Number   `json:"smallest"` // prediction of any output

	Rate     Number   `json:"rate"`     // proved, per sample
	Recovery int      `json:"recovery"` // proved, samples; 0 when there is none
	Gain     []Number `json:"gain,omitempty"`
	GainUnit []string `json:"gain_unit,omitempty"`
	Residual Number   `json:"residual"` // of the stability condition at the stored iterate; null without one
	Attack   *Attack  `json:"attack,omitempty"`

	Parameters int    `json:"parameters"`
	Seconds    Number `json:"seconds"`          // of the run that fitted it; null of the linear model
	Bundle     string `json:"bundle,omitempty"` // file
}

// Attack is what a search for a violation of the proved bound found; above 1 the proof would be wrong.
type Attack struct {
	Ratio    float64 `json:"ratio"`
	Where    string  `json:"where"`
	Pairs    int     `json:"pairs"`
	Searches int     `json:"searches"`
	Samples  int     `json:"samples"`
	Box      float64 `json:"box"` // largest ratio of a state to its invariant box
}

// Options of a reproduction. The zero value means the defaults.
type Options struct {
	Budget   time.Duration // training time of each model; 0 means the entry's own
	Steps    int           // Adam steps per fit instead, the same numbers on every run
	Seed     uint64        // of all training
	Workers  int           // parallel workers; 0 means 1
	Dir      string        // folder for the files, made where it does not exist; "" writes nothing
	Version  string        // of the tool
	Platform string        // what decides, besides the options, whether a second run gives the same numbers
	Command  string        // as typed, for the report

	Progress func(model string, p ident.Progress) // one call at a time

	effort effort // of the attack; zero means the usual
}

// effort is the size of the attack on the proved bound of each member of a model.
type effort struct{ pairs, searches int }

// usual is the effort that a reproduction spends.
var usual = effort{pairs: 100_000, searches: 200}

// Entry describes a reproduction.
type Entry struct {
	Name   string
	Title  string
	Source string
	Budget time.Duration // training time of each model
	Models int           // models that are trained
}

// entry is a reproduction: it returns its checks and models and its page.
type entry struct {
	Entry
	run func(context.Context, Options) (*Result, *report.Document, error)
}

func entries() []entry {
	return []entry{{
		Entry{Name: "brake-by-wire", Title: "Deep LSTM with proved stability on a brake-by-wire rig, Figures 3 to 7", Budget: 90 * time.Second, Models: 3,
			Source: "Bonassi, La Bella, Panzani, Farina, Scattolini: Deep Long-Short Term Memory networks: Stability properties and Experimental validation. ECC 2023"},
		brakeByWire,
	}, {
		Entry{Name: "lecture", Title: "A lecture on dynamical systems, every concept as a check, its errors corrected", Source: lectureSource},
		lecture,
	}}
}

// List returns all entries.
func List() []Entry {
	var out []Entry
	for _, e := range entries() {
		out = append(out, e.Entry)
	}
	return out
}

// ErrUnknown is returned for a name that List does not have.
var ErrUnknown = errors.New("repro: no such reproduction")

// Run reproduces one entry. A check that fails is no error: Result.Pass tells.
func Run(ctx context.Context, name string, o Options) (*Result, error) {
	var names []string
	for _, e := range entries() {
		names = append(names, e.Name)
		if e.Name != name {
			continue
		}
		if o.Budget == 0 {
			o.Budget = e.Budget
		}
		return e.reproduce(ctx, o)
	}
	return nil, fmt.Errorf("%w: %q; there is %s", ErrUnknown, name, strings.Join(names, ", "))
}

func (e entry) reproduce(ctx context.Context, o Options) (*Result, error) {
	began := time.Now()
	if o.Dir != "" {
		if err := os.MkdirAll(o.Dir, 0o755); err != nil {
			return nil, fmt.Errorf("repro: %w", err)
		}
	}
	r, page, err := e.run(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("repro: %s: %w", e.Name, err)
	}
	r.Name, r.Pass = e.Name, true
	for _, c := range r.Checks {
		r.Pass = r.Pass && c.Pass
	}
	r.Seconds = time.Since(began).Seconds()
	if o.Dir == "" {
		return r, nil
	}
	page.Title, page.About, page.Version = e.Title, "Reproduces "+e.Source+".", o.Version
	page.Verdict, page.Good = verdict(r), &r.Pass
	if err := write(r, page, o.Dir); err != nil {
		return nil, fmt.Errorf("repro: %s: %w", e.Name, err)
	}
	return r, nil
}

func verdict(r *Result) string {
	required, failed := 0, 0
	for _, c := range r.Checks {
		if c.Bound != Reported {
			required++
		}
		if !c.Pass {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Sprintf("%d of %d checks fail", failed, required)
	}
	return fmt.Sprintf("all %d checks pass", required)
}

// write stores the page, its pictures with their data, and the result.
func write(r *Result, page *report.Document, dir string) error {
	var err error
	if r.Page, err = report.RenderFolder(dir, page); err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "result.json"), append(data, '\n'), 0o644)
}
