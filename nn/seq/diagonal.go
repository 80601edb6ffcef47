package seq

import "fmt"

// Diagonal is the deployed cascade of complex-diagonal linear systems with static layers between them. Block b has
// s complex states, input xin (the cell's input u for the first block) and output xout (the cell's output y for the
// last),
//
//	s+   = lambda s + B xin                        lambda complex diagonal, B complex
//	z    = Re(C s) + D xin + c
//	xout = z + W2 tanh(W1 z + b1) + b2             z itself when the block has no hidden units
//
// The state of the cell is the real parts of the first block, its imaginary parts, then those of the second block, and
// so on. A pass is stable exactly when the stored |lambda| are below one; package model/ssm makes them so.
type Diagonal struct {
	In, Out int             // inputs, outputs
	Width   int             // signals between blocks; not used by a single block
	Blocks  []DiagonalBlock // in cascade, at least one
}

// DiagonalBlock gives the sizes of one block: complex states and hidden units of its static layer (0: none).
type DiagonalBlock struct{ States, Hidden int }

var _ Cell = Diagonal{}

func (c Diagonal) Inputs() int  { return c.In }
func (c Diagonal) Outputs() int { return c.Out }

// States counts the real states, two for each complex one.
func (c Diagonal) States() int {
	n := 0
	for _, b := range c.Blocks {
		n += 2 * b.States
	}
	return n
}

// Widths returns the numbers of input and output signals of block b.
func (c Diagonal) Widths(b int) (in, out int) {
	in, out = c.Width, c.Width
	if b == 0 {
		in = c.In
	}
	if b == len(c.Blocks)-1 {
		out = c.Out
	}
	return in, out
}

// DiagonalTensors gives the place of each matrix of one block. Those of the static layer are empty without hidden units.
type DiagonalTensors struct {
	Lre, Lim, Bre, Bim, Cre, Cim, D, C, W1, B1, W2, B2 Tensor
}

// Tensors returns the named places of each block; Layout lists the same in order.
func (c Diagonal) Tensors() []DiagonalTensors { t, _ := c.tensors(); return t }

// Layout lists b0.lre, b0.lim, b0.Bre, b0.Bim, b0.Cre, b0.Cim, b0.D, b0.c, with hidden units b0.W1, b0.b1, b0.W2, b0.b2,
// then b1.lre, ...
func (c Diagonal) Layout() Layout { _, l := c.tensors(); return l }

func (c Diagonal) tensors() (ts []DiagonalTensors, l Layout) {
	for b, blk := range c.Blocks {
		in, out := c.Widths(b)
		add := func(name string, rows, cols int) Tensor { return l.Add(fmt.Sprintf("b%d.%s", b, name), rows, cols) }
		var t DiagonalTensors
		t.Lre = add("lre", blk.States, 0)
		t.Lim = add("lim", blk.States, 0)
		t.Bre = add("Bre", blk.States, in)
		t.Bim = add("Bim", blk.States, in)
		t.Cre = add("Cre", out, blk.States)
		t.Cim = add("Cim", out, blk.States)
		t.D = add("D", out, in)
		t.C = add("c", out, 0)
		if blk.Hidden > 0 {
			t.W1 = add("W1", blk.Hidden, out)
			t.B1 = add("b1", blk.Hidden, 0)
			t.W2 = add("W2", out, blk.Hidden)
			t.B2 = add("b2", out, 0)
		}
		ts = append(ts, t)
	}
	return ts, l
}
