package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plumb-go/plumb/plant/systems"
	"github.com/plumb-go/plumb/system"
)

func newPlants() *cobra.Command {
	var asJSON bool
	var params []string
	c := &cobra.Command{
		Use:   "plants [NAME]",
		Short: "The plants that ship with plumb, as descriptions to start from",
		Long: `plants lists the systems that other commands take as plant:NAME. With a NAME (or a FILE.yaml) it prints
the description of that system in YAML: parameters with units, states, inputs, outputs and equations. Save it, change it,
and give the file in the place of plant:NAME. --param changes parameters by name.`,
		Example: `  plumb plants
  plumb plants pendulum > mine.yaml
  plumb plants pendulum --param l=0.7,d=0
  plumb plants pendulum-links-3`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := cmd.OutOrStdout()
			if len(args) == 1 {
				return printPlant(w, args[0], params, asJSON)
			}
			if len(params) > 0 {
				return fmt.Errorf("--param needs the NAME of a plant")
			}
			return listPlants(w, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print names, units and parameters as JSON")
	c.Flags().StringSliceVar(&params, "param", nil, "other values of parameters, such as l=0.7,d=0")
	return c
}

// openPlant opens plant:NAME or a description in a file, with other values of parameters given as NAME=VALUE.
func openPlant(source string, params []string) (*system.System, error) {
	s, err := systems.Open(source)
	if err != nil {
		return nil, err
	}
	values, err := parameterValues(params)
	if err != nil {
		return nil, err
	}
	return s.With(values)
}

// parameterValues reads NAME=VALUE pairs.
func parameterValues(params []string) (map[string]float64, error) {
	values := map[string]float64{}
	for _, p := range params {
		name, text, ok := strings.Cut(p, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			return nil, fmt.Errorf("--param %q: write NAME=NUMBER, such as l=0.7", p)
		}
		v, err := number(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("--param %q: write NAME=NUMBER, such as l=0.7 (%w)", p, err)
		}
		if _, twice := values[name]; twice {
			return nil, fmt.Errorf("--param gives %s twice", name)
		}
		values[name] = v
	}
	return values, nil
}

// plantSource lets a plant be named without its prefix: a text that is no file name is one.
func plantSource(arg string) string {
	if strings.HasPrefix(arg, "plant:") || strings.HasSuffix(arg, ".yaml") || strings.HasSuffix(arg, ".yml") {
		return arg
	}
	return "plant:" + arg
}

func printPlant(w io.Writer, arg string, params []string, asJSON bool) error {
	source := plantSource(arg)
	s, err := openPlant(source, params)
	if err != nil {
		return err
	}
	if asJSON {
		return encode(w, described(s))
	}
	text := ""
	if name, ships := strings.CutPrefix(source, "plant:"); ships && len(params) == 0 {
		text, err = systems.Text(name) // as it was written, with comments
	} else {
		text, err = s.YAML()
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// plantJSON is what plants --json prints of a system.
type plantJSON struct {
	Name       string           `json:"name"`
	Title      string           `json:"title"`
	Time       string           `json:"time"`
	Step       float64          `json:"step"` // s, 0 in continuous time
	States     []plantSignal    `json:"states"`
	Inputs     []plantSignal    `json:"inputs"`
	Outputs    []plantSignal    `json:"outputs"`
	Parameters []plantParameter `json:"parameters"`
}

type plantSignal struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
}

type plantParameter struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

func described(s *system.System) plantJSON {
	signals := func(all []system.Signal) []plantSignal {
		out := make([]plantSignal, len(all))
		for i, x := range all {
			out[i] = plantSignal(x)
		}
		return out
	}
	p := plantJSON{Name: s.Name(), Title: s.Description().Title, Time: "continuous", Step: s.Step(), States: signals(s.States()),
		Inputs: signals(s.Inputs()), Outputs: signals(s.Outputs()), Parameters: []plantParameter{}}
	if p.Step > 0 {
		p.Time = "discrete"
	}
	for _, x := range s.Parameters() {
		p.Parameters = append(p.Parameters, plantParameter(x))
	}
	return p
}

func listPlants(w io.Writer, asJSON bool) error {
	var all []plantJSON
	for _, name := range systems.Names() {
		s, err := systems.Load(name)
		if err != nil {
			return err
		}
		all = append(all, described(s))
	}
	if asJSON {
		return encode(w, all)
	}
	for _, p := range all {
		fmt.Fprintf(w, "%s\n  %s\n", p.Name, p.Title)
		time := p.Time
		if p.Step > 0 {
			time += fmt.Sprintf(", step %g s", p.Step)
		}
		fmt.Fprintf(w, "  time        %s\n", time)
		for _, part := range []struct {
			what string
			all  []plantSignal
		}{{"states", p.States}, {"inputs", p.Inputs}} {
			var cells []string
			for _, x := range part.all {
				cells = append(cells, withUnit(x.Name, x.Unit))
			}
			fmt.Fprintf(w, "  %-11s %s\n", part.what, orNone(cells))
		}
		var cells []string
		for _, x := range p.Parameters {
			cells = append(cells, strings.TrimSpace(fmt.Sprintf("%s = %g %s", x.Name, x.Value, x.Unit)))
		}
		fmt.Fprintf(w, "  %-11s %s\n", "parameters", orNone(cells))
	}
	fmt.Fprintf(w, "\nplumb plants NAME prints a description; other commands take plant:NAME. pendulum-links-N has N links, 1 to 8.\n")
	return nil
}

func orNone(cells []string) string {
	if len(cells) == 0 {
		return "-"
	}
	return strings.Join(cells, ", ")
}
