package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"github.com/plumb-go/plumb/dataset"
)

func newData() *cobra.Command {
	c := &cobra.Command{
		Use:   "data",
		Short: "Look at a record before identification",
		Example: `  plumb data check pump.csv
  plumb data show rig.mat`,
	}
	c.AddCommand(newDataCheck(), newDataShow())
	return c
}

// dataFlags are those that matter for a record without roles.
func dataFlags(c *cobra.Command, s *source, asJSON *bool) {
	f := c.Flags()
	f.StringVar(&s.Dir, "data", "", "folder that holds the files of benchmark:NAME")
	f.StringSliceVar(&s.Units, "units", nil, "units as NAME=UNIT, comma separated, where the file has none")
	f.Float64Var(&s.Ts, "ts", 0, "sampling time in seconds, where the file has no time column")
	f.BoolVar(asJSON, "json", false, "print JSON")
}

func oneData(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("one DATA is needed: a file, demo:two-tanks or benchmark:NAME; got %d arguments", len(args))
	}
	return nil
}

func newDataCheck() *cobra.Command {
	var s source
	var asJSON bool
	c := &cobra.Command{
		Use:   "check DATA",
		Short: "Report constant channels, saturation, jumps, jitter, missing values",
		Long: `check reads a record and reports what spoils an identification: constant channels, saturation,
outliers, wrapped angles, uneven time steps, missing values, suspicious units, too few samples.
A finding is a question to you, not an error; the exit status is 0 when the file can be read.`,
		Example: `  plumb data check pump.csv
  plumb data check log.csv --ts 0.01 --json`,
		Args: oneData,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.Data = args[0]
			rec, _, err := s.open()
			if err != nil {
				return err
			}
			found := dataset.Diagnose(rec)
			if asJSON {
				if found == nil {
					found = []dataset.Finding{}
				}
				return printJSON(cmd.OutOrStdout(), found)
			}
			printFindings(cmd.OutOrStdout(), rec, found)
			return nil
		},
	}
	dataFlags(c, &s, &asJSON)
	return c
}

func printFindings(w io.Writer, r *dataset.Record, found []dataset.Finding) {
	for _, f := range found {
		where := ""
		if f.Signal != "" {
			where = f.Signal + ": "
		}
		if f.Experiment > 0 && len(r.Experiments) > 1 {
			where += "experiment " + fmt.Sprint(f.Experiment)
			if n := r.Experiments[f.Experiment-1].Name; n != "" {
				where += " (" + n + ")"
			}
			where += ": "
		}
		fmt.Fprintf(w, "%-10s %s%s. %s.\n", f.Kind, where, f.Text, f.Fix)
	}
	samples := 0
	for i := range r.Experiments {
		samples += r.Experiments[i].Len()
	}
	fmt.Fprintf(w, "%s: %s, %s, %s; %s\n", r.Name, plural(len(r.Signals), "signal"), plural(len(r.Experiments), "experiment"), plural(samples, "sample"), plural(len(found), "finding"))
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// shown is what data show --json prints of a record.
type shown struct {
	Name        string            `json:"name"`
	Ts          float64           `json:"ts"`
	Signals     []shownSignal     `json:"signals"`
	Experiments []shownExperiment `json:"experiments"`
	Parts       []shownPart       `json:"parts,omitempty"`
	Notes       []string          `json:"notes,omitempty"`
}

type shownSignal struct {
	Name    string   `json:"name"`
	Unit    string   `json:"unit"`
	Role    string   `json:"role,omitempty"`
	Low     *float64 `json:"low"` // null when no value is finite
	Mean    *float64 `json:"mean"`
	High    *float64 `json:"high"`
	Missing int      `json:"missing"`
}

type shownExperiment struct {
	Name    string `json:"name"`
	Samples int    `json:"samples"`
}

type shownPart struct {
	Role       string `json:"role"`
	Name       string `json:"name,omitempty"`
	Experiment int    `json:"experiment"` // from 1
	From       int    `json:"from"`
	To         int    `json:"to"` // last sample
	Window     int    `json:"window"`
}

func newDataShow() *cobra.Command {
	var s source
	var asJSON bool
	c := &cobra.Command{
		Use:   "show DATA",
		Short: "List the signals, units, ranges, experiments and parts of a record",
		Example: `  plumb data show rig.mat
  plumb data show benchmark:silverbox --data DIR
  plumb data show runs.yaml --json`,
		Args: oneData,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.Data = args[0]
			rec, set, err := s.open()
			if err != nil {
				return err
			}
			v := show(rec, set)
			if asJSON {
				return printJSON(cmd.OutOrStdout(), v)
			}
			printShown(cmd.OutOrStdout(), v)
			return nil
		},
	}
	dataFlags(c, &s, &asJSON)
	return c
}

func show(rec *dataset.Record, set *dataset.Set) *shown {
	v := &shown{Name: rec.Name, Ts: rec.Ts}
	role := map[int]string{}
	if set != nil {
		for _, c := range set.Inputs {
			role[c] = "input"
		}
		for _, c := range set.Outputs {
			role[c] = "output"
		}
		v.Notes = set.Notes
		for i, parts := range [][]dataset.Part{set.Train, set.Validation, set.Test} {
			for _, p := range parts {
				v.Parts = append(v.Parts, shownPart{[]string{"train", "validation", "test"}[i], p.Name, p.Experiment + 1, p.From, p.To - 1, p.Window})
			}
		}
	}
	for c, sig := range rec.Signals {
		v.Signals = append(v.Signals, summary(rec, c, sig, role[c]))
	}
	for i := range rec.Experiments {
		v.Experiments = append(v.Experiments, shownExperiment{rec.Experiments[i].Name, rec.Experiments[i].Len()})
	}
	return v
}

func summary(rec *dataset.Record, c int, sig dataset.Signal, role string) shownSignal {
	s := shownSignal{Name: sig.Name, Unit: sig.Unit, Role: role}
	low, high, mean, n := math.Inf(1), math.Inf(-1), 0.0, 0
	for i := range rec.Experiments {
		for _, x := range rec.Experiments[i].Data[c] {
			if !finite(x) {
				s.Missing++
				continue
			}
			n++
			low, high, mean = min(low, x), max(high, x), mean+(x-mean)/float64(n)
		}
	}
	if n > 0 {
		s.Low, s.Mean, s.High = &low, &mean, &high
	}
	return s
}

func printShown(w io.Writer, v *shown) {
	fmt.Fprint(w, v.Name)
	if v.Ts > 0 {
		fmt.Fprintf(w, ", sampled every %.9g s\n", v.Ts)
	} else {
		fmt.Fprintln(w, ", sampling time unknown (--ts)")
	}
	var g grid
	g.add("signal", "unit", "lowest", "mean", "highest", "missing", "")
	text := func(x *float64) string {
		if x == nil {
			return "-"
		}
		return fmt.Sprintf("%.5g", *x)
	}
	for _, s := range v.Signals {
		g.add(s.Name, s.Unit, text(s.Low), text(s.Mean), text(s.High), fmt.Sprint(s.Missing), s.Role)
	}
	g.print(w)
	g = grid{}
	g.add("experiment", "samples", "name")
	const most = 40
	for i, e := range v.Experiments {
		if i == most {
			g.add("...", "", fmt.Sprintf("%d more", len(v.Experiments)-most))
			break
		}
		g.add(fmt.Sprint(i+1), fmt.Sprint(e.Samples), e.Name)
	}
	g.print(w)
	for _, p := range v.Parts {
		fmt.Fprintf(w, "  %-10s experiment %d, samples %d-%d, window %d  %s\n", p.Role, p.Experiment, p.From, p.To, p.Window, p.Name)
	}
	for _, n := range v.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
}
