package cli

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/lti"
	"github.com/plumb-go/plumb/plant/systems"
	"github.com/plumb-go/plumb/system"
)

// analyzeFlags is what the user asked for.
type analyzeFlags struct {
	params   []string
	at       string
	lyapunov string
	level    float64
	boxes    int
	metric   string
	out      string
	asJSON   bool
	quiet    bool
	typed    string
}

// Values of --metric.
const (
	metricSearched = "search"
	metricLyapunov = "lyapunov"
)

func newAnalyze(typed string) *cobra.Command {
	f := analyzeFlags{typed: typed}
	c := &cobra.Command{
		Use:   "analyze SYSTEM",
		Short: "Equilibria, stability, region of attraction and responses of a system, with proofs",
		Long: `analyze finds all equilibria of a system in its box of interest and decides their stability. At an
asymptotically stable one it searches a quadratic Lyapunov function V = (x - x*)'P(x - x*) and the largest level set
on which V is proved to fall: every trajectory from inside ends at the equilibrium. The smallest level at which V was
found to rise is printed beside it. Then come the gains and responses of the linearisation.

SYSTEM is plant:NAME (see plumb plants), or
` + systemForms + `
A description is analysed as it is, with its nonlinear equations.

How each figure was decided is printed with it: proved (by the checker, in exact arithmetic), verified (interval
arithmetic), bounded numerically, or estimated (samples and searches).
The report, the data of its pictures and the certificate go to runs/analyze-SYSTEM.`,
		Example: `  plumb analyze plant:pendulum
  plumb analyze pendulum.yaml --param l=0.7 --param d=0.2
  plumb analyze plant:pendulum --metric lyapunov
  plumb analyze plant:pendulum-upright --at 0,0
  plumb analyze plant:pendulum --lyapunov "10*theta^2 + 0.5*theta*omega + omega^2" --level 9
  plumb analyze "tf: num=[1] den=[1 0.2 1]" --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("analyze needs SYSTEM, got %d arguments", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(args[0], cmd.OutOrStdout())
		},
	}
	fl := c.Flags()
	fl.StringSliceVar(&f.params, "param", nil, "other values of parameters, such as l=0.7,d=0; may be repeated")
	fl.StringVar(&f.at, "at", "", "the equilibrium to look at closely, such as pi,0; default the one that the file names, else a stable one")
	fl.StringVar(&f.lyapunov, "lyapunov", "", "check this Lyapunov function, an expression of the states, on the box of interest; needs --level")
	fl.Float64Var(&f.level, "level", 0, "level of the function given by --lyapunov")
	fl.StringVar(&f.metric, "metric", metricSearched, "P of V = d'Pd: \"search\" for a large region, or \"lyapunov\" for the solution of A'P + PA = -I (A'PA - P = -I)")
	fl.IntVar(&f.boxes, "boxes", 0, "boxes that the search for the region may examine; 0 means 200000 up to two states, 40000 up to four, 10000 beyond")
	fl.StringVar(&f.out, "out", "", "folder for the results; default runs/analyze-SYSTEM")
	fl.BoolVar(&f.asJSON, "json", false, "print the result as JSON on standard output")
	fl.BoolVar(&f.quiet, "quiet", false, "print nothing but errors (and JSON)")
	return c
}

func (f *analyzeFlags) run(arg string, stdout io.Writer) error {
	begin := time.Now()
	if f.boxes < 0 {
		return fmt.Errorf("--boxes %d must not be negative", f.boxes)
	}
	if f.metric != metricSearched && f.metric != metricLyapunov {
		return fmt.Errorf("--metric %s: write %s or %s", f.metric, metricSearched, metricLyapunov)
	}
	if (f.lyapunov == "") != (f.level == 0) || f.level < 0 {
		return errors.New("--lyapunov and a positive --level belong together")
	}
	s, err := f.load(arg)
	if err != nil {
		return err
	}
	a, err := newAnalysis(s, f)
	if err != nil {
		return err
	}
	a.Source, a.Command = arg, f.typed
	name := shortName(arg)
	if name == "loop" {
		name = "system"
	}
	dir, err := runDir(f.out, "analyze-"+slug(name))
	if err != nil {
		return err
	}
	if err := a.certify(filepath.Join(dir, slug(name)+".plumb")); err != nil {
		return err
	}
	a.Seconds = ident.Figure(time.Since(begin).Seconds())
	if err := a.write(dir); err != nil {
		return err
	}
	switch {
	case f.asJSON:
		return encode(stdout, a)
	case !f.quiet:
		a.print(stdout)
	}
	return nil
}

// load reads a description, or makes one of a linear system.
func (f *analyzeFlags) load(arg string) (*system.System, error) {
	s, err := loadDescription(arg)
	if err != nil {
		return nil, err
	}
	values, err := parameterValues(f.params)
	if err != nil {
		return nil, err
	}
	if s, err = s.With(values); err != nil {
		return nil, fmt.Errorf("--param: %w", err)
	}
	return s, nil
}

func loadDescription(arg string) (*system.System, error) {
	if isDescription(arg) {
		return systems.Open(arg)
	}
	g, err := readSystem(arg)
	if err != nil {
		if slices.Contains(systems.Names(), arg) {
			return nil, fmt.Errorf("%s is a plant: write plant:%s", arg, arg)
		}
		return nil, err
	}
	return ofLinear(shortName(arg), g)
}

// ofLinear writes a linear system as equations.
func ofLinear(name string, g *lti.SS) (*system.System, error) {
	n, m, p := g.Dims()
	if n == 0 {
		return nil, errors.New("the system has no states: there is nothing to analyze")
	}
	d := system.Description{Name: slug(name), Step: g.Ts}
	var vars []*expr.Expr
	add := func(to *[]system.Signal, all []lti.Signal, letter string) {
		for i, s := range all {
			v := system.Signal(s)
			if expr.CheckName(v.Name) != nil {
				v.Name = letter + strconv.Itoa(i+1)
			}
			*to = append(*to, v)
			vars = append(vars, expr.Name(v.Name))
		}
	}
	add(&d.States, g.States, "x")
	add(&d.Inputs, g.Inputs, "u")
	sum := func(row func(j int) float64) *expr.Expr {
		var s *expr.Expr
		for j := range n + m {
			v := row(j)
			switch {
			case v == 0:
			case s == nil:
				s = expr.Number(v).Mul(vars[j])
			default:
				s = s.Add(expr.Number(v).Mul(vars[j]))
			}
		}
		if s == nil {
			return expr.Number(0)
		}
		return s
	}
	for i := range n {
		d.Rhs = append(d.Rhs, sum(func(j int) float64 {
			if j < n {
				return g.A.At(i, j)
			}
			return g.B.At(i, j-n)
		}))
	}
	for i := range p {
		s := system.Signal(g.Outputs[i])
		if s.Name == "" {
			s.Name = "y" + strconv.Itoa(i+1)
		}
		d.Outputs = append(d.Outputs, system.Output{Signal: s, Value: sum(func(j int) float64 {
			if j < n {
				return g.C.At(i, j)
			}
			return g.D.At(i, j-n)
		})})
	}
	return system.New(d)
}

// number reads a number or a constant expression such as pi/2.
func number(text string) (float64, error) {
	e, err := expr.Parse(text, []string{})
	if err != nil {
		return 0, err
	}
	p, err := expr.Compile([]*expr.Expr{e}, nil)
	if err != nil {
		return 0, err
	}
	v := make([]float64, 1)
	p.Eval(v, nil)
	if math.IsNaN(v[0]) || math.IsInf(v[0], 0) {
		return 0, fmt.Errorf("%s is not a finite number", text)
	}
	return v[0], nil
}

// write leaves the report, its pictures with their data, and the figures in the folder.
func (a *analysis) write(dir string) error {
	var err error
	if a.Page, err = report.RenderFolder(dir, a.page()); err != nil {
		return err
	}
	return writeJSON(filepath.Join(dir, "result.json"), a)
}
