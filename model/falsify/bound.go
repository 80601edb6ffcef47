package falsify

import (
	"fmt"
	"math"

	"github.com/plumb-go/plumb/cert"
	"github.com/plumb-go/plumb/nn/seq"
)

// roundings bounds the rounding of one step of a simulation, in units in the last place of the box: products over at
// most a few dozen signals summed in blocks, activations good to 2 units, three or four elementwise operations.
const roundings = 64

// Quantity is one left-hand side of the claim: the Euclidean norm of the differences of some states, or the difference
// of an output; or, with Box, the modulus of one state, which the box bounds.
type Quantity struct {
	Name   string
	States []int // nil for an output
	Output int
	Box    bool
}

// Bound is the statement that a witness proves of a network, in floating point: each quantity N_q obeys
//
//	N_q(dx(k)) <= Eta_q Rate^k d + Zeta_q e,    d = max over the quantities of states of N_q(dx(0)) / Eta_q
//
// with e = sup |du|_inf. For an output Eta_q and Zeta_q are D_i and G_i of the package comment; for a box Eta_q is the
// half-width.
type Bound struct {
	Rate       float64
	Quantities []Quantity // of states, of outputs, boxes
	Eta, Zeta  []float64

	differences, outputs int // how many quantities of states and of outputs there are

	net   *net
	least float64   // what rounding adds to d
	apart float64   // the largest d of two states in the boxes
	close float64   // half the distance d in a box along eta that fits into all boxes
	etaOf []float64 // of each state: its share of eta
}

// NewBound reads the bound of one member, a seq.LSTM or seq.GRU (or a class that deploys one), off its witness for the
// claim delta-iss. Whether the witness proves anything is for cert.Check to say.
func NewBound(cell seq.Cell, w []float64, wit cert.Witness) (*Bound, error) {
	n, err := gather(cell, w)
	if err != nil {
		return nil, err
	}
	if wit.Rate == nil || len(wit.Filter) != n.fs || len(wit.Cells) != len(n.layers) {
		return nil, fmt.Errorf("falsify: a witness for %d filter states and %d layers, the cell has %d and %d", len(wit.Filter), len(wit.Cells), n.fs, len(n.layers))
	}
	b := &Bound{net: n}
	b.Rate, _ = wit.Rate.Float64()
	if !(b.Rate > 0 && b.Rate < 1) {
		return nil, fmt.Errorf("falsify: rate %g, want one in (0, 1)", b.Rate)
	}
	f := newResponse(n)
	for i, eta := range wit.Filter {
		b.add(Quantity{Name: fmt.Sprintf("filter state %d", i), States: []int{i, n.fs + i}}, eta, f.state(i))
	}
	for l := range n.layers {
		if err := b.addLayer(l, wit.Cells[l]); err != nil {
			return nil, err
		}
	}
	b.differences, b.outputs = len(b.Quantities), n.out
	last := wit.Cells[len(wit.Cells)-1]
	for i := range n.out {
		eta, zeta := readOut(n, i, last)
		d := b.Rate * eta
		for j, x := range wit.Filter {
			d += math.Hypot(n.py[i*(2*n.fs+n.in)+j], n.py[i*(2*n.fs+n.in)+n.fs+j]) * x
		}
		b.add(Quantity{Name: fmt.Sprintf("output %d", i), Output: i}, d, zeta+f.output(i))
	}
	for l := range n.layers {
		b.addBoxes(l)
	}
	return b, b.measure()
}

// measure takes the sizes of the boxes in eta.
func (b *Bound) measure() error {
	box := b.net.box
	b.close, b.etaOf = math.Inf(1), make([]float64, len(box))
	for q, x := range b.Quantities[:b.differences] {
		if !(b.Eta[q] > 0 && b.Zeta[q] > 0) {
			return fmt.Errorf("falsify: eta %g and zeta %g of %s, want positive numbers", b.Eta[q], b.Zeta[q], x.Name)
		}
		b.apart = max(b.apart, 2*norm(box, x.States)/b.Eta[q])
		for _, j := range x.States {
			b.etaOf[j] = b.Eta[q] / math.Sqrt(float64(len(x.States)))
			b.close = min(b.close, box[j]/b.etaOf[j])
		}
	}
	b.least = roundings * epsilon / (1 - b.Rate) * b.apart
	return nil
}

const epsilon = 0x1p-52

func (b *Bound) add(q Quantity, eta, zeta float64) {
	b.Quantities = append(b.Quantities, q)
	b.Eta, b.Zeta = append(b.Eta, eta), append(b.Zeta, zeta)
}

// addLayer appends the quantities of layer l: single states, or with norms those of c and of h.
func (b *Bound) addLayer(l int, c cert.CellWitness) error {
	y := b.net.layers[l]
	first, parts := y.stateC, []string{"c", "h"}
	if b.net.gru {
		first, parts = y.stateH, parts[1:]
	}
	want := y.count
	if c.Norm {
		want = len(parts)
	}
	if len(c.Eta) != want || len(c.Zeta) != want {
		return fmt.Errorf("falsify: eta and zeta of layer %d have %d and %d numbers, want %d", l, len(c.Eta), len(c.Zeta), want)
	}
	for p, name := range parts {
		var all []int
		for i := range y.n {
			j := first + p*y.n + i
			all = append(all, j)
			if !c.Norm {
				b.add(Quantity{Name: fmt.Sprintf("%s[%d] of layer %d", name, i, l), States: []int{j}}, c.Eta[p*y.n+i], c.Zeta[p*y.n+i])
			}
		}
		if c.Norm {
			b.add(Quantity{Name: fmt.Sprintf("|%s| of layer %d", name, l), States: all}, c.Eta[p], c.Zeta[p])
		}
	}
	return nil
}

// addBoxes appends the boxes of layer l.
func (b *Bound) addBoxes(l int) {
	y := b.net.layers[l]
	for i := range y.count {
		j, name := y.stateH+y.n-y.count+i, "h"
		if j < y.stateH {
			name = "c"
		}
		b.add(Quantity{Name: fmt.Sprintf("box of %s[%d] of layer %d", name, i%y.n, l), States: []int{j}, Box: true}, b.net.box[j], 0)
	}
}

// readOut returns |Wy_i| eta_h and |Wy_i| zeta_h of the last layer, |Wy_i| a Euclidean norm where the layer has norms.
func readOut(n *net, i int, last cert.CellWitness) (eta, zeta float64) {
	y := n.layers[len(n.layers)-1]
	row := n.wy[i*y.n : (i+1)*y.n]
	if last.Norm {
		s := 0.0
		for _, x := range row {
			s = math.Hypot(s, x)
		}
		return s * last.Eta[1], s * last.Zeta[1]
	}
	at := len(last.Eta) - y.n
	for j, x := range row {
		eta += math.Abs(x) * last.Eta[at+j]
		zeta += math.Abs(x) * last.Zeta[at+j]
	}
	return eta, zeta
}

// norm is the Euclidean norm of some elements.
func norm(x []float64, at []int) float64 {
	s := 0.0
	for _, j := range at {
		s = math.Hypot(s, x[j])
	}
	return s
}

// response sums the impulse responses of a filter.
type response struct {
	*net
	re, im []float64 // eigenvalues
}

// maxTerms bounds the terms of a sum; the geometric tail stands for the rest.
const maxTerms = 20000

func newResponse(n *net) response {
	f, k := response{net: n}, 2*n.fs+n.in+1
	for i := range n.fs {
		f.re, f.im = append(f.re, n.f[i*k+i]), append(f.im, n.f[(n.fs+i)*k+i])
	}
	return f
}

// b returns B_ij.
func (f response) b(i, j int) complex128 {
	k := 2*f.fs + f.net.in + 1
	return complex(f.f[i*k+2*f.fs+j], f.f[(f.fs+i)*k+2*f.fs+j])
}

// state bounds |ds_i| for |du|_inf <= 1 and equal starts: sum_j |B_ij| / (1 - |lambda_i|), one input at a time.
func (f response) state(i int) float64 {
	s := 0.0
	for j := range f.net.in {
		s += abs(f.b(i, j))
	}
	return s / (1 - math.Hypot(f.re[i], f.im[i]))
}

// output bounds the part of |dy_i| that does not pass through the layers: sum over inputs j and k of the modulus of the
// impulse response of Dy u + Re(E s).
func (f response) output(i int) float64 {
	width := 2*f.fs + f.net.in
	py := f.py[i*width : (i+1)*width]
	sum := 0.0
	for j := range f.net.in {
		sum += math.Abs(py[2*f.fs+j])
		x := make([]complex128, f.fs)
		for a := range x { // E_a B_aj; py holds Re E and -Im E
			x[a] = complex(py[a], -py[f.fs+a]) * f.b(a, j)
		}
		for k := 0; ; k++ {
			re, tail := 0.0, 0.0
			for a := range x {
				re += real(x[a])
				tail += abs(x[a]) / (1 - math.Hypot(f.re[a], f.im[a]))
			}
			if tail <= 1e-9*sum || k == maxTerms {
				sum += tail
				break
			}
			sum += math.Abs(re)
			for a := range x {
				x[a] *= complex(f.re[a], f.im[a])
			}
		}
	}
	return sum
}

func abs(z complex128) float64 { return math.Hypot(real(z), imag(z)) }
