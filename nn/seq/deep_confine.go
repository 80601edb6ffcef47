package seq

import "github.com/plumb-go/plumb/internal/kernel"

// Confine writes the initial state x0 = box * tanh(e), both States x lanes. x0 may be e.
func Confine(c Confined, w []float64, e, x0 Mat) {
	for _, b := range c.Box() {
		for i, half := range b.Tensor.Of(w) {
			x := x0.Row(b.First + i)
			kernel.Tanh(x, e.Row(b.First+i))
			kernel.Scale(x, x, half)
		}
	}
}

// ConfinePull takes dL/dx0 and the x0 that Confine wrote, adds dL/d(box) into dw and writes dL/de; de may be dx0.
func ConfinePull(c Confined, w []float64, x0, dx0 Mat, dw []float64, de Mat) {
	for _, b := range c.Box() {
		dbox := b.Tensor.Of(dw)
		for i, half := range b.Tensor.Of(w) {
			x, dx, d := x0.Row(b.First+i), dx0.Row(b.First+i), de.Row(b.First+i)
			var sum float64
			for j, g := range dx {
				t := x[j] / half
				sum += g * t
				d[j] = g * half * (1 - t*t)
			}
			dbox[i] += sum
		}
	}
}
