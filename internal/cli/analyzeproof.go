package cli

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/expr"
	"github.com/plumb-go/plumb/internal/interval"
	"github.com/plumb-go/plumb/internal/report"
	"github.com/plumb-go/plumb/stability"
)

// proof is what the checker says of the certificate.
type proof struct {
	Verdict   string  `json:"verdict"`
	Statement string  `json:"statement,omitempty"`
	Failed    string  `json:"failed,omitempty"`
	Level     string  `json:"level,omitempty"` // proved, a decimal; "" for the whole space
	Rate      string  `json:"rate,omitempty"`
	Volume    float64 `json:"volume,omitempty"`
	Bundle    string  `json:"bundle,omitempty"`
	Seconds   float64 `json:"checker_seconds"`
	measure   string
}

// levelParts are the parts of the verified level that are considered for the certificate, in falling order, and for how much
// smaller ones in turn.
var levelParts = [...]float64{0.9999, 0.999, 0.99, 0.97, 0.9, 0.75}

const (
	nextPart  = 0.6
	leastPart = 1e-5
)

// checkerWork is how much work the checker may be asked for, in boxes times operations on a box and its derivatives: about
// ten seconds.
const checkerWork = 2.5e6

// text says what was proved.
func (p *proof) text() string {
	if p.Verdict != verdictProved {
		return p.Verdict + ": " + p.Failed
	}
	if p.Level == "" {
		return fmt.Sprintf("proved by the checker in %.2f s: every trajectory goes to the equilibrium, rate %s", p.Seconds, p.Rate)
	}
	return fmt.Sprintf("proved by the checker in %.2f s: {V < %s} is a region of attraction, %s %.5g", p.Seconds, p.Level, p.measure, p.Volume)
}

// certify writes the Lyapunov function at the equilibrium as a file and lets the checker judge it.
func (a *analysis) certify(path string) error {
	switch {
	case a.Affine && a.Looked >= 0 && a.found[a.Looked].Verdict == stability.Asymptotic:
		return a.certifyLinear(path)
	}
	r, parts := a.attraction, levelParts[:]
	for part := parts[len(parts)-1] * nextPart; part > leastPart; part *= nextPart {
		parts = append(parts, part)
	}
	if a.own != nil {
		r, parts = a.own, []float64{1}
	}
	if r == nil || !(r.Proved > 0) {
		return nil
	}
	right, reason, err := a.shifted(r)
	if err != nil {
		return err
	}
	if reason != "" {
		a.Proof = &proof{Verdict: verdictNone, Failed: reason}
		return nil
	}
	return a.certifyRegion(path, r, parts, right)
}

// certifyRegion asks the checker for the largest level that a rehearsal of its steps finds within reach, and for smaller ones
// as long as it refuses.
func (a *analysis) certifyRegion(path string, r *stability.RegionResult, parts []float64, right [][]string) error {
	n := len(a.States)
	operations := 3 * n * n
	for _, e := range right {
		operations += len(e)
	}
	most := int(checkerWork) / (operations * (1 + 2*n))
	for _, part := range parts {
		text := directed(part*r.Proved, 6, -1)
		if part == 1 { // as the user wrote it
			text = strconv.FormatFloat(r.Proved, 'g', -1, 64)
		}
		level, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return err
		}
		half, err := stability.Hull(r.P, level)
		if err != nil {
			return err
		}
		_, within, err := stability.Rehearse(a.field, r.At, r.P, level, half, most)
		if err != nil {
			return err
		}
		if !within {
			continue
		}
		if err := a.tryLevel(path, text, r, right); err != nil || a.Proof.Verdict == verdictProved {
			return err
		}
	}
	if a.Proof == nil {
		a.Proof = &proof{Verdict: verdictNone, Failed: "no level is within reach of the checker in about ten seconds; the region stays verified"}
	}
	return nil
}

func (a *analysis) tryLevel(path, text string, r *stability.RegionResult, right [][]string) error {
	level, ok := new(big.Rat).SetString(text)
	if !ok {
		return fmt.Errorf("level %s is no number", text)
	}
	value, _ := level.Float64()
	half, err := stability.Hull(r.P, value)
	if err != nil {
		return err
	}
	rate := new(big.Rat)
	if a.Step > 0 {
		rate.SetInt64(1)
	}
	m := a.file(bundle.Member{Kind: "expressions", States: len(a.States), Right: right},
		bundle.Witness{Rate: rate, M: flatOf(r.P), Level: level, Box: half})
	if err := a.judge(path, m); err != nil {
		return err
	}
	if a.Proof.Verdict == verdictProved {
		a.Proof.Level, a.Proof.Volume, a.Proof.measure = text, stability.Volume(r.P, value), measure(len(a.States))
	}
	return nil
}

// linearRate is the part of the exact decay that is claimed: the closer to one, the worse the condition of P.
const linearRate = 0.9

// certifyLinear claims exponential decay for all initial states.
func (a *analysis) certifyLinear(path string) error {
	e := &a.found[a.Looked]
	n := len(a.States)
	scaled, t := mat.DenseCopyOf(e.Jacobian), stability.Continuous
	var text string
	if a.Step > 0 {
		t = stability.Discrete
		text = directed(1-linearRate*(1-e.Linear.Growth), 7, 1)
		r, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return err
		}
		scaled.Scale(1/r, scaled)
	} else {
		text = directed(-linearRate*e.Linear.Growth, 6, -1)
		r, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return err
		}
		for i := range n {
			scaled.Set(i, i, scaled.At(i, i)+r)
		}
	}
	p, err := stability.Lyapunov(scaled, nil, t)
	if err != nil {
		a.Proof = &proof{Verdict: verdictNone, Failed: err.Error()}
		return nil
	}
	rate, ok := new(big.Rat).SetString(text)
	if !ok {
		return fmt.Errorf("rate %s is no number", text)
	}
	m := a.file(bundle.Member{Kind: "matrix", States: n}, bundle.Witness{Rate: rate, M: flatOf(p)})
	m.Tensors = []bundle.Tensor{{Name: "A", Shape: []int{n, n}, Data: mat.DenseCopyOf(e.Jacobian).RawMatrix().Data}}
	if err := a.judge(path, m); err != nil {
		return err
	}
	if a.Proof.Verdict == verdictProved {
		a.Proof.Rate = text + " per second"
		if a.Step > 0 {
			a.Proof.Rate = text + " per step"
		}
	}
	return nil
}

func (a *analysis) judge(path string, m *bundle.Model) error {
	if !cert.Printable(m.Manifest.System.Name) {
		a.Proof = &proof{Verdict: verdictNone, Failed: "the equilibrium has too many digits to be named in the statement"}
		return nil
	}
	if err := bundle.WriteFile(path, m); err != nil {
		return err
	}
	j := judge(path)
	a.Proof = &proof{Verdict: j.verdict, Statement: j.v.Statement, Failed: j.v.Failed, Bundle: path, Seconds: j.seconds}
	if j.err != nil {
		a.Proof.Failed = j.err.Error()
	}
	if j.v.By != "" {
		a.Proof.Failed += " (" + j.v.By + ")"
	}
	return nil
}

// titleBytes is how much of a title the statement of a certificate shows.
const titleBytes = 80

// file is the system of deviations from the equilibrium with its certificate, in the format of docs/system-bundle.md.
func (a *analysis) file(member bundle.Member, w bundle.Witness) *bundle.Model {
	var states []bundle.Signal
	for _, s := range a.States {
		states = append(states, bundle.Signal{Name: storable(s.Name, nameBytes), Unit: storable(s.Unit, nameBytes)})
	}
	return &bundle.Model{
		Manifest: bundle.Manifest{
			System:       &bundle.System{Name: storable(a.Title, titleBytes) + a.origin(), Continuous: a.Step == 0, States: states},
			SamplingTime: a.Step,
			Members:      []bundle.Member{member},
			Provenance:   bundle.Provenance{Version: Version},
		},
		Certificate: &bundle.Certificate{Claim: "lyapunov", Members: []bundle.Witness{w}, Provenance: bundle.Provenance{Version: Version}},
		Card:        fmt.Sprintf("# %s\n\nsystem %s, states as deviations from the equilibrium %s.\n", a.Title, a.Source, vector(a.Equilibria[a.Looked].X)),
	}
}

// origin says what x = 0 of the certificate is where it is not the origin of the states: the statement is read on its own.
func (a *analysis) origin() string {
	e := &a.found[a.Looked]
	moved := false
	var s []string
	for i, v := range e.Enclosure {
		switch {
		case v.IsPoint():
			s = append(s, strconv.FormatFloat(v.Lo, 'g', -1, 64))
			moved = moved || v.Lo != 0
		case v.Contains(0):
			s = append(s, "0")
		default:
			s = append(s, halfTurns(int(math.Round(e.X[i]/math.Pi))))
			moved = true
		}
	}
	if !moved {
		return ""
	}
	return ", x the deviation from (" + strings.Join(s, ", ") + ")"
}

// halfTurns writes k pi.
func halfTurns(k int) string {
	switch k {
	case 1:
		return "pi"
	case -1:
		return "-pi"
	}
	return strconv.Itoa(k) + " pi"
}

// shifted is the right-hand side as tokens of the deviations x0, x1, ... from the equilibrium, or the reason why the
// certificate's language cannot say it.
func (a *analysis) shifted(r *stability.RegionResult) (out [][]string, reason string, err error) {
	words := map[string]string{}
	for i, s := range a.States {
		words[s.Name] = "x" + strconv.Itoa(i)
	}
	all, ok := a.deviations(r)
	if !ok {
		return nil, "the equilibrium is neither a float64 nor a multiple of pi in sines and cosines alone, and the claim is about an exact one", nil
	}
	for i, e := range all {
		tokens, err := e.Tokens(words)
		if errors.Is(err, expr.ErrToken) {
			return nil, err.Error(), nil
		}
		if err != nil {
			return nil, "", fmt.Errorf("equation of %s: %w", a.States[i].Name, err)
		}
		var list []string
		for _, t := range tokens {
			if t.Word != "" {
				list = append(list, t.Word)
			} else {
				list = append(list, strconv.FormatFloat(t.Number, 'g', -1, 64))
			}
		}
		out = append(out, list)
	}
	return out, "", nil
}

// deviations is the right-hand side in the deviations from the equilibrium, under the names of the states; ok is false where
// it cannot be written exactly. An equilibrium that is no float64 has to be whole multiples of pi, see expr.ShiftHalfTurns; that
// the field vanishes there is left to the checker.
func (a *analysis) deviations(r *stability.RegionResult) (out []*expr.Expr, ok bool) {
	exact := true
	with, turns := map[string]*expr.Expr{}, map[string]int{}
	for i, s := range a.States {
		exact = exact && r.Enclosure[i].IsPoint()
		if r.At[i] != 0 {
			with[s.Name] = expr.Name(s.Name).Add(expr.Number(r.At[i]))
		}
		turns[s.Name] = int(math.Round(r.At[i] / math.Pi))
	}
	for i, e := range a.closed() {
		if exact {
			e = e.Substitute(with)
			if a.Step > 0 && r.At[i] != 0 {
				e = e.Sub(expr.Number(r.At[i]))
			}
			out = append(out, e)
			continue
		}
		turn := turns[a.States[i].Name]
		if _, near := interval.Pi().Scale(float64(turn)).Meet(r.Enclosure[i]); !near {
			return nil, false
		}
		g, k, ok := e.ShiftHalfTurns(turns)
		if !ok || a.Step == 0 && k != 0 || a.Step > 0 && k != turn {
			return nil, false
		}
		out = append(out, g)
	}
	return out, true
}

// quadraticForm is P of a V = d'Pd, from its second derivatives; ok is false where these are not constant.
func quadraticForm(v *expr.Expr, names []string) (p *mat.SymDense, ok bool) {
	n := len(names)
	p = mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			second := v.Diff(names[i]).Simplify().Diff(names[j]).Simplify()
			if len(second.Names()) > 0 {
				return nil, false
			}
			h, err := number(second.String())
			if err != nil {
				return nil, false
			}
			p.SetSym(i, j, h/2)
		}
	}
	return p, true
}

func flatOf(p *mat.SymDense) []float64 {
	n := p.SymmetricDim()
	var out []float64
	for i := range n {
		for j := range n {
			out = append(out, p.At(i, j))
		}
	}
	return out
}

func (a *analysis) proofBlocks() []report.Block {
	p := a.Proof
	if p == nil {
		return nil
	}
	out := []report.Block{report.Text("The checker says: " + p.text() + ".")}
	if p.Statement != "" {
		out = append(out, report.Text(p.Statement))
	}
	if p.Bundle != "" {
		out = append(out, report.Text("The proof, by the independent checker:"), report.Code("plumb-check "+p.Bundle))
	}
	return out
}
