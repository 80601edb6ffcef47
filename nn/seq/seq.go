// Package seq holds fused forward and backward passes of recurrent networks over a batch of equally long sequences.
//
// A cell is a network in its deployed form: fixed sizes and a flat weight vector w whose pieces the Layout names. A
// pass simulates the cell for a batch and pulls gradients back to w and to the initial states:
//
//	x(k+1) = f_w(x(k), u(k)),   y(k) = g_w(x(k), u(k)),   k = 0..Steps-1
//
// All signals are feature-major matrices: row = signal, column = k*Lanes + lane, so one time step of all lanes is
// contiguous and one GEMM covers all time steps of the static parts. dst arguments never alias operands.
package seq

// Mat is a row-major matrix view: element (i, j) is Data[i*Stride+j].
type Mat struct {
	Rows, Cols, Stride int
	Data               []float64
}

// NewMat returns a zero matrix whose stride is padded so that rows do not fall on the same cache sets.
func NewMat(rows, cols int) Mat {
	stride := (cols + 7) &^ 7
	if stride%512 == 0 { // 4096 bytes: every row would map to the same set
		stride += 8
	}
	return Mat{Rows: rows, Cols: cols, Stride: stride, Data: make([]float64, rows*stride)}
}

// Row returns row i.
func (m Mat) Row(i int) []float64 { return m.Data[i*m.Stride : i*m.Stride+m.Cols] }

// Tensor names one array inside a flat weight vector. Cols 0 marks a vector of length Rows.
type Tensor struct {
	Name       string
	Rows, Cols int
	Offset     int
}

// Len is the number of elements.
func (t Tensor) Len() int { return t.Rows * max(t.Cols, 1) }

// Of returns the tensor's elements inside w, row-major.
func (t Tensor) Of(w []float64) []float64 { return w[t.Offset : t.Offset+t.Len()] }

// Layout is the ordered list of a cell's tensors, packed without gaps.
type Layout []Tensor

// Len is the length of the weight vector.
func (l Layout) Len() int {
	if len(l) == 0 {
		return 0
	}
	t := l[len(l)-1]
	return t.Offset + t.Len()
}

// Add appends a tensor and returns it. Cols 0 makes a vector.
func (l *Layout) Add(name string, rows, cols int) Tensor {
	t := Tensor{Name: name, Rows: rows, Cols: cols, Offset: l.Len()}
	*l = append(*l, t)
	return t
}

// Cell is a deployed recurrent network with fixed sizes.
type Cell interface {
	Inputs() int
	Outputs() int
	States() int
	Layout() Layout
	NewPass(steps, lanes int) Pass
}

// Pass is a workspace for one batch shape; it is not safe for concurrent use. Forward must precede Backward.
type Pass interface {
	// Forward simulates from x0 (States x lanes) under u (Inputs x steps*lanes) and writes y (Outputs x steps*lanes).
	Forward(w []float64, u, x0, y Mat)
	// Backward takes dL/dy and adds dL/dw into dw and dL/dx0 into dx0.
	Backward(w []float64, dy Mat, dw []float64, dx0 Mat)
	// State writes the state after the last step of Forward (States x lanes).
	State(x Mat)
}
