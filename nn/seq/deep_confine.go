package seq

import "github.com/plumb-go/plumb/internal/kernel"

// Confine writes the initial state x0 = box * tanh(e), both States x lanes. x0 may be e.
func Confine(c Confined, w []float64, e, x0 Mat) {
	b := boxOf(c)
	for k := 0; ; k++ {
		first, n, offset, ok := b.part(k)
		if !ok {
			return
		}
		for i, half := range w[offset : offset+n] {
			x := x0.Row(first + i)
			kernel.Tanh(x, e.Row(first+i))
			kernel.Scale(x, x, half)
		}
	}
}

// ConfinePull takes dL/dx0 and the x0 that Confine wrote, adds dL/d(box) into dw and writes dL/de. de may be dx0.
func ConfinePull(c Confined, w []float64, x0, dx0 Mat, dw []float64, de Mat) {
	b := boxOf(c)
	for k := 0; ; k++ {
		first, n, offset, ok := b.part(k)
		if !ok {
			return
		}
		for i, half := range w[offset : offset+n] {
			x, dx, d := x0.Row(first+i), dx0.Row(first+i), de.Row(first+i)
			var sum float64
			for j, g := range dx {
				t := x[j] / half
				sum += g * t
				d[j] = g * half * (1 - t*t)
			}
			dw[offset+i] += sum
		}
	}
}

// nameless is a cell that finds the parts of its box without building names, which would be garbage in every step of
// training: n states from first on have the half-widths that begin at offset in the weight vector; false after the last.
type nameless interface {
	boxPart(k int) (first, n, offset int, ok bool)
}

// boxParts are the parts of a box, found in either way.
type boxParts struct {
	cell  nameless
	parts []BoxPart
}

func boxOf(c Confined) boxParts {
	if n, ok := c.(nameless); ok {
		return boxParts{cell: n}
	}
	return boxParts{parts: c.Box()}
}

func (b boxParts) part(k int) (first, n, offset int, ok bool) {
	switch {
	case b.cell != nil:
		return b.cell.boxPart(k)
	case k < len(b.parts):
		p := b.parts[k]
		return p.First, p.States, p.Tensor.Offset, true
	}
	return 0, 0, 0, false
}

func (c LSTM) boxPart(k int) (first, n, offset int, ok bool) { return c.Deep.boxPart(k, 4, 2) }
func (c GRU) boxPart(k int) (first, n, offset int, ok bool)  { return c.Deep.boxPart(k, 3, 1) }

// boxPart is part k of the box of a cell with that many gates in a layer and states of a unit.
func (c Deep) boxPart(k, gates, states int) (first, n, offset int, ok bool) {
	if s := c.Filter.States; s > 0 {
		offset = 2 * s * (1 + c.In + c.Filter.Width + c.Out) // lambda, B, C, E; then D
		offset += c.Filter.Width * c.In
		if k < 2 {
			return k * s, s, offset, true
		}
		k, first, offset = k-2, 2*s, offset+s
	}
	for l, n := range c.Units {
		offset += gates * n * (c.Width(l) + n + 1)
		if k < states {
			return first + k*n, n, offset + k*n, true
		}
		k, first, offset = k-states, first+states*n, offset+states*n
	}
	return 0, 0, 0, false
}
