package expr

import (
	"fmt"
	"math"
	"slices"

	"github.com/plumb-go/plumb/internal/interval"
)

// Program computes several expressions of the same variables. Its instructions write to slots of their own: constants
// first, then the variables, then one slot an instruction; equal instructions share a slot.
type Program struct {
	vars    []string
	code    []instruction
	first   int   // slot of the first variable
	outputs []int // slots
	smooth  bool
	depends [][]int // for each slot the variables it depends on, increasing

	num []float64    // value of each slot
	box []interval.I // enclosure of each slot
	der []float64    // derivatives, slots x variables, by Jacobian
	rng []interval.I // derivatives or slopes, slots x variables, by EncloseJacobian and EncloseSlope
	mid []interval.I // values at the centre of a slope
}

// instruction computes slot first+len(vars)+index from slots a and b.
type instruction struct {
	op   op
	n    int // exponent of opPowInt; constantExponent of opPow with one
	a, b int
}

const constantExponent = 1

// Compile makes a program of expressions whose names are all in vars. Constant parts are computed here: as floats for
// Eval, as intervals for the enclosures. ErrName for a name that is missing, or twice in vars.
func Compile(outputs []*Expr, vars []string) (*Program, error) {
	c := &compiler{slots: map[*Expr]int{}, known: map[instruction]int{}, consts: map[uint64]int{}, vars: map[string]int{}}
	for i, v := range vars {
		if _, twice := c.vars[v]; twice {
			return nil, fmt.Errorf("%w: variable %s is listed twice", ErrName, v)
		}
		c.vars[v] = i
	}
	p := &Program{vars: slices.Clone(vars), smooth: true}
	for i, e := range outputs {
		p.smooth = p.smooth && e.Smooth()
		slot, err := c.expression(e)
		if err != nil {
			return nil, fmt.Errorf("expr: output %d: %w", i+1, err)
		}
		p.outputs = append(p.outputs, slot)
	}
	c.finish(p)
	return p, nil
}

// compiler numbers constants from 0, variables from varBase and instructions from codeBase, until finish knows how many
// there are of each.
type compiler struct {
	slots  map[*Expr]int
	known  map[instruction]int
	consts map[uint64]int
	vars   map[string]int
	code   []instruction
	num    []float64 // constants
	box    []interval.I
}

const (
	varBase  = 1 << 28
	codeBase = 1 << 29
)

func (c *compiler) expression(e *Expr) (slot int, err error) {
	e.walk(func(x *Expr) {
		if _, done := c.slots[x]; done || err != nil {
			return
		}
		var s int
		switch x.op {
		case opNumber:
			s = c.constant(x.value, interval.Point(x.value))
		case opPi:
			s = c.constant(math.Pi, pi())
		case opName:
			i, ok := c.vars[x.name]
			if !ok {
				err = fmt.Errorf("%w: %s", ErrName, x.name)
				return
			}
			s = varBase + i
		default:
			in := instruction{op: x.op, n: x.n, a: c.slots[x.a]}
			if x.b != nil {
				in.b = c.slots[x.b]
			}
			s = c.emit(in)
		}
		c.slots[x] = s
	})
	return c.slots[e], err
}

// constant gives numbers that are their own enclosure one slot each; others a new slot.
func (c *compiler) constant(v float64, box interval.I) int {
	bits := math.Float64bits(v)
	if s, ok := c.consts[bits]; ok && box.IsPoint() {
		return s
	}
	c.num, c.box = append(c.num, v), append(c.box, box)
	if box.IsPoint() {
		c.consts[bits] = len(c.num) - 1
	}
	return len(c.num) - 1
}

func (c *compiler) emit(in instruction) int {
	if s, ok := c.known[in]; ok {
		return s
	}
	var s int
	if in.a < varBase && (in.op.arity() == 1 || in.b < varBase) {
		s = c.constant(in.value(c.num), in.enclose(c.box))
	} else {
		c.code = append(c.code, in)
		s = codeBase + len(c.code) - 1
	}
	c.known[in] = s
	return s
}

func (c *compiler) finish(p *Program) {
	p.first = len(c.num)
	n, from := len(p.vars), len(c.num)+len(p.vars)
	place := func(s int) int {
		switch {
		case s >= codeBase:
			return from + s - codeBase
		case s >= varBase:
			return p.first + s - varBase
		}
		return s
	}
	for _, in := range c.code {
		if in.op == opPow && in.b < varBase {
			in.n = constantExponent
		}
		in.a, in.b = place(in.a), place(in.b)
		p.code = append(p.code, in)
	}
	for i, s := range p.outputs {
		p.outputs[i] = place(s)
	}
	slots := from + len(p.code)
	p.num, p.box, p.mid = make([]float64, slots), make([]interval.I, slots), make([]interval.I, slots)
	copy(p.num, c.num)
	copy(p.box, c.box)
	copy(p.mid, c.box)
	p.der, p.rng = make([]float64, slots*n), make([]interval.I, slots*n)
	p.depends = make([][]int, slots)
	for j := range n {
		s := p.first + j
		p.depends[s] = []int{j}
		p.der[s*n+j], p.rng[s*n+j] = 1, interval.Point(1)
	}
	for i, in := range p.code {
		d := slices.Clone(p.depends[in.a])
		if in.op.arity() == 2 {
			d = append(d, p.depends[in.b]...)
		}
		slices.Sort(d)
		p.depends[from+i] = slices.Compact(d)
	}
}

// Clone is an independent copy for use from another goroutine.
func (p *Program) Clone() *Program {
	q := *p
	q.num, q.box, q.der, q.rng, q.mid = slices.Clone(p.num), slices.Clone(p.box), slices.Clone(p.der), slices.Clone(p.rng), slices.Clone(p.mid)
	return &q
}

// Variables lists the variables in their order.
func (p *Program) Variables() []string { return slices.Clone(p.vars) }

// Dims is the number of outputs and of variables.
func (p *Program) Dims() (outputs, variables int) { return len(p.outputs), len(p.vars) }

// Size is the number of instructions.
func (p *Program) Size() int { return len(p.code) }

// Smooth reports whether the program is free of abs, min and max.
func (p *Program) Smooth() bool { return p.smooth }

// Depends lists the variables that output i depends on, in increasing order.
func (p *Program) Depends(i int) []int { return slices.Clone(p.depends[p.outputs[i]]) }

func (p *Program) check(got, want int) {
	if got != want {
		panic("expr: length of a slice does not match the program")
	}
}
