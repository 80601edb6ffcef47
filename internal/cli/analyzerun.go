package cli

import (
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/ident"
	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/internal/rng"
	"github.com/plumb-go/plumb/lti"
	"github.com/plumb-go/plumb/stability"
	"github.com/plumb-go/plumb/system"
)

// analysis is what analyze --json prints. Infinite and unknown figures are null.
type analysis struct {
	Source     string             `json:"system"`
	Title      string             `json:"title"`
	Time       string             `json:"time"`
	Step       float64            `json:"sampling_time"`
	States     []stateName        `json:"states"`
	Inputs     []stateName        `json:"inputs"`
	Outputs    []stateName        `json:"outputs"`
	Parameters []parameter        `json:"parameters,omitempty"`
	Affine     bool               `json:"affine"` // the equations are linear up to constants
	Box        [][2]float64       `json:"box"`
	Equilibria []equilibrium      `json:"equilibria"`
	Complete   bool               `json:"equilibria_complete"` // verified: no others in the box
	Unsure     [][][2]float64     `json:"undecided_boxes,omitempty"`
	Free       []string           `json:"free_states,omitempty"` // states whose value does not matter to the equilibria, which are a flat set
	Looked     int                `json:"looked_at"`             // index of the equilibrium that the rest is about; -1 for none
	Region     *region            `json:"region,omitempty"`
	Candidate  *candidateResult   `json:"candidate,omitempty"`
	Gains      []gain             `json:"gains,omitempty"`
	Steps      []stepFigures      `json:"step_responses,omitempty"`
	Noise      []noise            `json:"noise,omitempty"` // standard deviation of each output under unit white noise
	Ultimate   *disturbance       `json:"disturbance,omitempty"`
	Proof      *proof             `json:"certificate,omitempty"`
	Notes      []string           `json:"notes,omitempty"`
	Seconds    ident.Figure       `json:"seconds"`
	Command    string             `json:"command"`
	Page       string             `json:"report"`
	sys        *system.System     `json:"-"`
	field      *stability.Program `json:"-"`
	inputs     []float64          `json:"-"`
	found      []stability.Equilibrium
	attraction *stability.RegionResult
	own        *stability.RegionResult // of the user's Lyapunov function, if it is verified and quadratic
	ss         *lti.SS
	box        []interval.I
}

type stateName struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
}

type parameter struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

type equilibrium struct {
	X           []float64    `json:"x"`
	Width       float64      `json:"width"` // of the box that holds it, verified
	Kind        string       `json:"kind"`
	Verdict     string       `json:"verdict"`
	How         string       `json:"how"`
	Eigenvalues [][2]float64 `json:"eigenvalues"`
	Note        string       `json:"note,omitempty"`
}

type region struct {
	P         [][]float64  `json:"P"`
	Chosen    string       `json:"chosen"`
	Proved    ident.Figure `json:"level_verified"`
	Volume    ident.Figure `json:"volume"`
	Falsified ident.Figure `json:"level_falsified"` // the lowest found: estimated
	Counter   []float64    `json:"counterexample,omitempty"`
	Boxes     int          `json:"boxes"`
	Limited   bool         `json:"ends_at_the_box"`
	Global    bool         `json:"whole_space"`
	Why       string       `json:"why"`
	Seconds   float64      `json:"seconds"`
}

type candidateResult struct {
	V          string      `json:"V"`
	Level      float64     `json:"level"`
	Holds      bool        `json:"verified"`
	Conditions []condition `json:"conditions"`
}

type condition struct {
	Name    string    `json:"name"`
	Outcome string    `json:"outcome"`
	At      []float64 `json:"at,omitempty"`
	Why     string    `json:"why,omitempty"`
}

type gain struct {
	Name  string       `json:"name"`
	Value ident.Figure `json:"value"`
	Note  string       `json:"note"`
}

type stepFigures struct {
	Input     string       `json:"input"`
	Output    string       `json:"output"`
	Final     ident.Figure `json:"final"`
	Rise      ident.Figure `json:"rise_s"`
	Settling  ident.Figure `json:"settling_s"`
	Overshoot ident.Figure `json:"overshoot_percent"`
}

type noise struct {
	Output string       `json:"output"`
	Sigma  ident.Figure `json:"sigma"`
}

// disturbance are the bounds of limsup |s| for |w| <= 1 at every step, discrete time.
type disturbance struct {
	Lecture    ident.Figure   `json:"lecture"`
	Metric     ident.Figure   `json:"best_metric"`
	Ellipsoid  ident.Figure   `json:"ellipsoid"`
	Sum        ident.Figure   `json:"sum_of_powers"`
	Components []ident.Figure `json:"components"`
	Reached    ident.Figure   `json:"reached"`
}

// defaultRadius is how far states are looked at where the description names no box.
const defaultRadius = stability.DefaultRadius

func newAnalysis(s *system.System, f *analyzeFlags) (*analysis, error) {
	d := s.Description()
	a := &analysis{Title: d.Title, Time: "continuous", Step: d.Step, Looked: -1, sys: s}
	if a.Title == "" {
		a.Title = d.Name
	}
	if d.Step > 0 {
		a.Time = "discrete"
	}
	a.States, a.Inputs, a.Outputs = signalsOf(s.States()), signalsOf(s.Inputs()), signalsOf(s.Outputs())
	for _, p := range d.Parameters {
		a.Parameters = append(a.Parameters, parameter(p))
	}
	for _, w := range s.UnitWarnings() {
		a.Notes = append(a.Notes, "units: "+w)
	}
	_, a.inputs, _ = s.Equilibrium()
	var err error
	if a.field, err = stability.OfSystem(s, a.inputs); err != nil {
		return nil, err
	}
	if a.box = s.Box(); a.box == nil {
		for range a.States {
			a.box = append(a.box, interval.Of(-defaultRadius, defaultRadius))
		}
		a.Notes = append(a.Notes, fmt.Sprintf("the file names no box; every state is looked at in [-%d, %d]", defaultRadius, defaultRadius))
	}
	for _, b := range a.box {
		a.Box = append(a.Box, [2]float64{b.Lo, b.Hi})
	}
	if err := a.defined(); err != nil {
		return nil, err
	}
	if err := a.equilibria(); err != nil {
		return nil, err
	}
	if err := a.look(f); err != nil {
		return nil, err
	}
	if a.Looked < 0 {
		return a, nil
	}
	if err := a.attract(f); err != nil {
		return nil, err
	}
	if err := a.candidate(f); err != nil {
		return nil, err
	}
	return a, a.responses()
}

// defined refuses a system whose equations have no value at any of some points of the box.
func (a *analysis) defined() error {
	const points = 64
	r := rng.Stream(1, "analyze/defined")
	x, y := make([]float64, len(a.box)), make([]float64, len(a.box))
	bad := 0
	for range points {
		for i, b := range a.box {
			x[i] = b.Lo + r.Float64()*(b.Hi-b.Lo)
		}
		a.field.Eval(y, x)
		bad = -1
		for i, v := range y {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				bad = i
			}
		}
		if bad < 0 {
			return nil
		}
	}
	return fmt.Errorf("the equation of %s has no finite value at any of %d points of the box, such as %s: check the parameters and the box", a.States[bad].Name, points, vector(x))
}

func signalsOf(all []system.Signal) []stateName {
	out := make([]stateName, len(all))
	for i, s := range all {
		out[i] = stateName(s)
	}
	return out
}

func (a *analysis) equilibria() error {
	a.Affine = a.field.Affine()
	r, err := stability.Equilibria(a.field, a.box, stability.EquilibriaOptions{Boxes: 20_000})
	if err != nil {
		return err
	}
	a.Complete = r.Complete()
	for _, b := range r.Unsure {
		var box [][2]float64
		for _, v := range b {
			box = append(box, [2]float64{v.Lo, v.Hi})
		}
		a.Unsure = append(a.Unsure, box)
	}
	for _, e := range r.Equilibria {
		a.add(e)
	}
	x, _, named := a.sys.Equilibrium()
	if len(r.Equilibria) == 0 && (named || a.Affine) && a.rests(x) { // one of many, or not known to be alone
		return a.addNamed(x)
	}
	return nil
}

// addNamed adds an equilibrium that the search could not isolate.
func (a *analysis) addNamed(x []float64) error {
	l, j, err := stability.Linearise(a.field, x)
	if err != nil {
		return err
	}
	e := stability.Equilibrium{X: x, Enclosure: points(x), Jacobian: j, Linear: l, Verdict: stability.Undecided, Basis: stability.Bounded}
	if a.Affine {
		e.Verdict, e.Basis = l.Verdict, l.Basis
	}
	a.add(e)
	if free, all := stability.FreeStates(a.field); all && len(free) > 0 {
		a.Complete, a.Unsure = true, nil
		for _, i := range free {
			a.Free = append(a.Free, a.States[i].Name)
		}
		return nil
	}
	q := &a.Equilibria[len(a.Equilibria)-1]
	q.Note = strings.TrimPrefix(q.Note+"; not isolated, or not decided to be", "; ")
	return nil
}

func points(x []float64) []interval.I {
	out := make([]interval.I, len(x))
	for i, v := range x {
		out[i] = interval.Point(v)
	}
	return out
}

// rests reports whether the right-hand side vanishes exactly.
func (a *analysis) rests(x []float64) bool {
	r, err := a.sys.Residual(x, a.inputs)
	if err != nil {
		return false
	}
	for _, v := range r {
		if v != 0 {
			return false
		}
	}
	return true
}

func (a *analysis) add(e stability.Equilibrium) {
	q := equilibrium{X: e.X, Kind: e.Linear.Kind, Verdict: string(e.Verdict), How: string(e.Basis)}
	q.X = append([]float64(nil), e.X...)
	for i, v := range e.Enclosure {
		q.Width = max(q.Width, v.Width())
		if v.Contains(0) { // zero up to what is known
			q.X[i] = 0
		}
	}
	for _, v := range e.Linear.Eigenvalues {
		q.Eigenvalues = append(q.Eigenvalues, [2]float64{real(v), imag(v)})
	}
	l := e.Linear
	if a.Affine && e.Verdict == stability.Undecided {
		q.Verdict, q.How = string(l.Verdict), string(l.Basis)
		e.Verdict, e.Basis = l.Verdict, l.Basis
	}
	q.Note = a.borderNote(l)
	a.Equilibria, a.found = append(a.Equilibria, q), append(a.found, e)
}

// borderNote says what is known of eigenvalues on the border of stability.
func (a *analysis) borderNote(l *stability.Linear) string {
	if len(l.Border) == 0 {
		return ""
	}
	s := fmt.Sprintf("%d eigenvalues on the border of stability", len(l.Border))
	if len(l.Border) == 1 {
		s = "one eigenvalue on the border of stability"
	}
	if l.Tolerance > 0 {
		s += fmt.Sprintf(" to within %.1e", l.Tolerance)
	}
	switch {
	case !l.Semisimple:
		s += "; one lacks an eigenvector, so trajectories of the linearisation drift away"
	case len(l.Border) > 1:
		s += "; every one has its eigenvectors"
	}
	if !a.Affine {
		s += "; the linearisation decides nothing"
	}
	return s
}

// look chooses the equilibrium to look at closely: the one asked for; else the one that the file names if it attracts; else
// the nearest that attracts, if there is one.
func (a *analysis) look(f *analyzeFlags) error {
	want, _, named := a.sys.Equilibrium()
	if f.at != "" {
		parts := strings.Split(f.at, ",")
		if len(parts) != len(a.States) {
			return fmt.Errorf("--at %q has %d numbers, the system %d states", f.at, len(parts), len(a.States))
		}
		for i, p := range parts {
			v, err := number(p)
			if err != nil {
				return fmt.Errorf("--at %q: %w", f.at, err)
			}
			want[i] = v
		}
	}
	best := math.Inf(1)
	for i, e := range a.found {
		d := 0.0
		for j := range want {
			d = math.Hypot(d, (e.X[j]-want[j])/a.box[j].Width())
		}
		if f.at == "" && e.Verdict != stability.Asymptotic {
			d += 10 // an attracting one first
		}
		if d < best {
			best, a.Looked = d, i
		}
	}
	const near = 0.02 // of the box: numbers are typed with a few digits
	if f.at != "" && !(best <= near) {
		return fmt.Errorf("--at %s: no equilibrium is near; there are %s", f.at, a.where())
	}
	switch {
	case a.Looked < 0:
		a.Notes = append(a.Notes, "no equilibrium was found in the box")
	case f.at == "" && named && !a.rests(want) && !(best <= near): // a rounded pi is near enough
		a.Notes = append(a.Notes, fmt.Sprintf("the file names the equilibrium %s, but the equations do not vanish there", vector(want)))
	case f.at == "" && named && best > near && best < 10:
		a.Notes = append(a.Notes, fmt.Sprintf("the file names %s, which does not attract; this is the nearest that does. For the other: --at %s", vector(want), plain(want)))
	}
	return nil
}

// plain is a point as --at takes it.
func plain(x []float64) string {
	s := make([]string, len(x))
	for i, v := range x {
		s[i] = strconv.FormatFloat(v, 'g', 6, 64)
	}
	return strings.Join(s, ",")
}

func (a *analysis) where() string {
	if len(a.Equilibria) == 0 {
		return "none in the box"
	}
	var s []string
	for _, e := range a.Equilibria {
		s = append(s, vector(e.X))
	}
	return strings.Join(s, ", ")
}

// attract proves a region at the equilibrium.
func (a *analysis) attract(f *analyzeFlags) error {
	e := &a.found[a.Looked]
	if e.Verdict != stability.Asymptotic {
		return nil
	}
	begin := time.Now()
	radius := make([]float64, len(e.X))
	for i, b := range a.box {
		radius[i] = min(b.Hi-e.X[i], e.X[i]-b.Lo)
		if !(radius[i] > 0) {
			a.Notes = append(a.Notes, "the equilibrium is on the edge of the box, so no region was looked for; widen the box")
			return nil
		}
	}
	o := stability.RegionOptions{Radius: radius, Boxes: f.boxes, Workers: runtime.NumCPU()}
	chosen := ""
	switch {
	case a.Affine:
		o.P = e.Linear.P
	case f.metric == metricLyapunov:
		p, err := stability.Lyapunov(e.Jacobian, nil, a.field.Time())
		if err != nil {
			return err
		}
		o.P, chosen = p, "A'P + PA = -I"
		if a.Step > 0 {
			chosen = "A'PA - P = -I"
		}
	}
	r, err := stability.Region(a.field, e.X, o)
	if err != nil {
		return err
	}
	if chosen != "" {
		r.Chosen = chosen
	}
	a.attraction = r
	a.Region = &region{Chosen: r.Chosen, Proved: ident.Figure(r.Proved), Volume: ident.Figure(r.Volume), Falsified: ident.Figure(r.Falsified),
		Counter: r.Counter, Boxes: r.Boxes, Limited: r.Limited, Global: a.Affine, Why: r.Why, Seconds: time.Since(begin).Seconds()}
	if r.P != nil {
		for i := range radius {
			a.Region.P = append(a.Region.P, mat.Row(nil, i, r.P))
		}
	}
	return nil
}

// candidate checks the user's Lyapunov function.
func (a *analysis) candidate(f *analyzeFlags) error {
	if f.lyapunov == "" {
		return nil
	}
	var names []string
	for _, s := range a.States {
		names = append(names, s.Name)
	}
	known := names
	for _, p := range a.Parameters {
		known = append(known[:len(known):len(known)], p.Name)
	}
	v, err := expr.Parse(f.lyapunov, known)
	if err != nil {
		return fmt.Errorf("--lyapunov: %w", err)
	}
	with := map[string]*expr.Expr{}
	for _, p := range a.Parameters {
		with[p.Name] = expr.Number(p.Value)
	}
	field, err := a.expressions()
	if err != nil {
		return err
	}
	r, err := stability.CheckCandidate(field, v.Substitute(with), a.found[a.Looked].X, stability.CandidateOptions{Box: a.box, Level: f.level})
	if err != nil {
		return err
	}
	a.Candidate = &candidateResult{V: f.lyapunov, Level: f.level, Holds: r.Holds}
	if r.Holds {
		e := &a.found[a.Looked]
		if p, ok := quadraticForm(v.Substitute(with), names); ok {
			a.own = &stability.RegionResult{At: e.X, Enclosure: e.Enclosure, P: p, Proved: f.level}
		} else {
			a.Notes = append(a.Notes, "the checker takes quadratic V alone: the given one is verified, and a certificate is about the searched one")
		}
	}
	for _, c := range r.Conditions {
		a.Candidate.Conditions = append(a.Candidate.Conditions, condition{c.Name, string(c.Outcome), c.At, c.Why})
	}
	return nil
}

// closed is the right-hand side as expressions of the states alone.
func (a *analysis) closed() []*expr.Expr {
	d := a.sys.Description()
	with := map[string]*expr.Expr{}
	for _, p := range d.Parameters {
		with[p.Name] = expr.Number(p.Value)
	}
	for i, s := range d.Inputs {
		with[s.Name] = expr.Number(a.inputs[i])
	}
	for _, x := range d.Define {
		with[x.Name] = x.Value.Substitute(with)
	}
	f := make([]*expr.Expr, len(d.Rhs))
	for i, e := range d.Rhs {
		f[i] = e.Substitute(with)
	}
	return f
}

// expressions is the right-hand side in the form that a Lyapunov function is checked against.
func (a *analysis) expressions() (*stability.Expressions, error) {
	var states []string
	for _, s := range a.States {
		states = append(states, s.Name)
	}
	return stability.NewExpressions(a.closed(), states, a.field.Time())
}
