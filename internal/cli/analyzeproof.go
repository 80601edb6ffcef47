package cli

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"github.com/plumb-go/plumb/bundle"
	"github.com/plumb-go/plumb/expr"
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
}

// reservesOfLevel are the parts of the verified level that are handed to the checker until it accepts: its arithmetic is
// coarser and its work is limited.
var reservesOfLevel = [...]float64{0.999, 0.99, 0.97, 0.9, 0.75, 0.5}

// text says what was proved.
func (p *proof) text() string {
	if p.Verdict != verdictProved {
		return p.Verdict + ": " + p.Failed
	}
	if p.Level == "" {
		return fmt.Sprintf("proved by the checker in %.2f s: every trajectory goes to the equilibrium, rate %s", p.Seconds, p.Rate)
	}
	return fmt.Sprintf("proved by the checker in %.2f s: {V < %s} is a region of attraction, volume %.5g", p.Seconds, p.Level, p.Volume)
}

// certify writes the Lyapunov function at the equilibrium as a file and lets the checker judge it.
func (a *analysis) certify(path string) error {
	switch {
	case a.Affine && a.Looked >= 0 && a.found[a.Looked].Verdict == stability.Asymptotic:
		return a.certifyLinear(path)
	case a.attraction == nil || !(a.attraction.Proved > 0):
		return nil
	}
	r := a.attraction
	for _, v := range r.Enclosure {
		if !v.IsPoint() {
			a.Proof = &proof{Verdict: verdictNone, Failed: "the equilibrium is no float64, and the claim is about an exact one"}
			return nil
		}
	}
	right, err := a.shifted()
	if errors.Is(err, expr.ErrToken) {
		a.Proof = &proof{Verdict: verdictNone, Failed: err.Error()}
		return nil
	}
	if err != nil {
		return err
	}
	for _, part := range reservesOfLevel {
		text := directed(part*r.Proved, 6, -1)
		if err := a.tryLevel(path, text, right); err != nil || a.Proof.Verdict == verdictProved {
			return err
		}
	}
	return nil
}

func (a *analysis) tryLevel(path, text string, right [][]string) error {
	level, ok := new(big.Rat).SetString(text)
	if !ok {
		return fmt.Errorf("level %s is no number", text)
	}
	value, _ := level.Float64()
	half, err := stability.Hull(a.attraction.P, value)
	if err != nil {
		return err
	}
	rate := new(big.Rat)
	if a.Step > 0 {
		rate.SetInt64(1)
	}
	m := a.file(bundle.Member{Kind: "expressions", States: len(a.States), Right: right},
		bundle.Witness{Rate: rate, M: flatOf(a.attraction.P), Level: level, Box: half})
	if err := a.judge(path, m); err != nil {
		return err
	}
	if a.Proof.Verdict == verdictProved {
		a.Proof.Level, a.Proof.Volume = text, stability.Volume(a.attraction.P, value)
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

// file is the system of deviations from the equilibrium with its certificate, in the format of docs/system-bundle.md.
func (a *analysis) file(member bundle.Member, w bundle.Witness) *bundle.Model {
	var states []bundle.Signal
	for _, s := range a.States {
		states = append(states, bundle.Signal(s))
	}
	return &bundle.Model{
		Manifest: bundle.Manifest{
			System:       &bundle.System{Name: a.Title, Continuous: a.Step == 0, States: states},
			SamplingTime: a.Step,
			Members:      []bundle.Member{member},
			Provenance:   bundle.Provenance{Version: Version},
		},
		Certificate: &bundle.Certificate{Claim: "lyapunov", Members: []bundle.Witness{w}, Provenance: bundle.Provenance{Version: Version}},
		Card:        fmt.Sprintf("# %s\n\nsystem %s, states as deviations from the equilibrium %s.\n", a.Title, a.Source, vector(a.Equilibria[a.Looked].X)),
	}
}

// shifted is the right-hand side as tokens of the deviations x0, x1, ... from the equilibrium.
func (a *analysis) shifted() ([][]string, error) {
	at := a.attraction.At
	with, words := map[string]*expr.Expr{}, map[string]string{}
	for i, s := range a.States {
		words[s.Name] = "x" + strconv.Itoa(i)
		if at[i] != 0 {
			with[s.Name] = expr.Name(s.Name).Add(expr.Number(at[i]))
		}
	}
	var out [][]string
	for i, e := range a.closed() {
		e = e.Substitute(with)
		if a.Step > 0 && at[i] != 0 {
			e = e.Sub(expr.Number(at[i]))
		}
		tokens, err := e.Tokens(words)
		if err != nil {
			return nil, fmt.Errorf("equation of %s: %w", a.States[i].Name, err)
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
	return out, nil
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
