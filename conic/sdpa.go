package conic

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ErrSyntax is wrapped by the errors of the readers; they name the line.
var ErrSyntax = errors.New("conic: syntax error")

const (
	maxSDPALine  = 64 << 20 // the line of objective coefficients may be long
	maxBlocks    = 1 << 16
	maxSDPAWords = 1 << 28 // sum of orders
)

// ReadSDPA reads a problem in the sparse format of SDPA (.dat-s):
//
//	minimise c'x  subject to  F_1 x_1 + ... + F_m x_m - F_0 in K
//
// so Constant is -F_0. Negative block sizes are diagonal blocks. Lines before the number of variables that begin with " or
// * are comments; the first becomes the name.
func ReadSDPA(r io.Reader) (*Problem, error) {
	d := sdpaReader{s: bufio.NewScanner(r)}
	d.s.Buffer(make([]byte, 1<<16), maxSDPALine)
	p := &Problem{}
	if err := d.header(p); err != nil {
		return nil, err
	}
	if err := d.elements(p); err != nil {
		return nil, err
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return p, nil
}

type sdpaReader struct {
	s    *bufio.Scanner
	line int
}

// next returns the next line that is not blank, with the format's ornaments , { } ( ) replaced by spaces.
func (d *sdpaReader) next(raw bool) (string, bool) {
	for d.s.Scan() {
		d.line++
		t := strings.TrimSpace(d.s.Text())
		if t == "" {
			continue
		}
		if raw && (t[0] == '"' || t[0] == '*') {
			return t, true
		}
		return ornaments.Replace(t), true
	}
	return "", false
}

var ornaments = strings.NewReplacer(",", " ", "{", " ", "}", " ", "(", " ", ")", " ")

func (d *sdpaReader) fail(format string, a ...any) error {
	if err := d.s.Err(); err != nil {
		return fmt.Errorf("conic: line %d: %w", d.line, err)
	}
	return fmt.Errorf("%w: line %d: %s", ErrSyntax, d.line, fmt.Sprintf(format, a...))
}

func (d *sdpaReader) header(p *Problem) error {
	var line string
	for {
		l, ok := d.next(true)
		if !ok {
			return d.fail("expected the number of variables, found the end")
		}
		if l[0] == '"' || l[0] == '*' {
			if p.Name == "" {
				p.Name = strings.Trim(l, "\"* \t")
			}
			continue
		}
		line = l
		break
	}
	m, err := d.count(line, "the number of variables", MaxOrder)
	if err != nil {
		return err
	}
	line, _ = d.next(false)
	nb, err := d.count(line, "the number of blocks", maxBlocks)
	if err != nil {
		return err
	}
	words, err := d.words(nb)
	if err != nil {
		return err
	}
	total := 0
	for _, w := range words {
		n, err := strconv.Atoi(strings.TrimPrefix(w, "+"))
		if err != nil || n == 0 || n > MaxOrder || n < -MaxOrder {
			return d.fail("block size %q: expected a whole number other than 0, at most %d", w, MaxOrder)
		}
		b := Block{Cone: PSD, N: n}
		if n < 0 {
			b = Block{Cone: Nonneg, N: -n}
		}
		if total += b.N; total > maxSDPAWords {
			return d.fail("blocks of more than %d rows in all", maxSDPAWords)
		}
		p.Blocks = append(p.Blocks, b)
	}
	words, err = d.words(m)
	if err != nil {
		return err
	}
	p.C = make([]float64, m)
	for i, w := range words {
		if p.C[i], err = strconv.ParseFloat(w, 64); err != nil || !finite(p.C[i]) {
			return d.fail("objective coefficient %q: expected a finite number", w)
		}
	}
	return nil
}

// count reads the first word of a line, which may be followed by a remark.
func (d *sdpaReader) count(line, what string, most int) (int, error) {
	f := strings.Fields(line)
	if len(f) == 0 {
		return 0, d.fail("expected %s", what)
	}
	n, err := strconv.Atoi(f[0])
	if err != nil || n < 1 || n > most {
		return 0, d.fail("%s is %q: expected a whole number from 1 to %d", what, f[0], most)
	}
	return n, nil
}

// words reads n words from as many lines as it takes; what follows them on the last line is a remark.
func (d *sdpaReader) words(n int) ([]string, error) {
	var w []string
	for len(w) < n {
		line, ok := d.next(false)
		if !ok {
			return nil, d.fail("expected %d numbers, found %d", n, len(w))
		}
		w = append(w, strings.Fields(line)...)
	}
	return w[:n], nil
}

func (d *sdpaReader) elements(p *Problem) error {
	for {
		line, ok := d.next(false)
		if !ok {
			if d.s.Err() != nil {
				return d.fail("")
			}
			return nil
		}
		f := strings.Fields(line)
		if len(f) != 5 {
			return d.fail("%d words: expected five, matrix block row column value", len(f))
		}
		var at [4]int
		for i := range at {
			v, err := strconv.Atoi(f[i])
			if err != nil {
				return d.fail("%q: expected a whole number", f[i])
			}
			at[i] = v
		}
		v, err := strconv.ParseFloat(f[4], 64)
		if err != nil || !finite(v) {
			return d.fail("value %q: expected a finite number", f[4])
		}
		if err := d.element(p, at, v); err != nil {
			return err
		}
	}
}

func (d *sdpaReader) element(p *Problem, at [4]int, v float64) error {
	i, k, r, c := at[0], at[1]-1, at[2]-1, at[3]-1
	if r > c {
		r, c = c, r
	}
	if i < 0 || i > len(p.C) || k < 0 || k >= len(p.Blocks) {
		return d.fail("matrix %d, block %d: expected at most %d and %d", i, k+1, len(p.C), len(p.Blocks))
	}
	b := &p.Blocks[k]
	if r < 0 || c >= b.N || b.Cone == Nonneg && r != c {
		return d.fail("element (%d, %d) of block %d, %v of order %d: expected both in 1..%d%s", at[2], at[3], at[1], b.Cone, b.N, b.N, map[bool]string{true: " and equal"}[b.Cone == Nonneg])
	}
	if v == 0 {
		return nil
	}
	if i == 0 {
		b.Constant = append(b.Constant, Elem{r, c, -v})
	} else {
		b.Coefs = append(b.Coefs, Coef{i - 1, r, c, v})
	}
	return nil
}

// ReadQuad adds the objective 1/2 sum of w_i (x_i - z_i)^2 to p from a file with the line "w_i z_i" for every variable.
func ReadQuad(r io.Reader, p *Problem) error {
	d := sdpaReader{s: bufio.NewScanner(r)}
	m := len(p.C)
	w, z := make([]float64, 0, m), make([]float64, 0, m)
	for {
		line, ok := d.next(false)
		if !ok {
			break
		}
		f := strings.Fields(line)
		if len(f) != 2 || len(w) == m {
			return d.fail("expected %d lines of two numbers, weight and centre", m)
		}
		a, err1 := strconv.ParseFloat(f[0], 64)
		b, err2 := strconv.ParseFloat(f[1], 64)
		if err1 != nil || err2 != nil || !finite(a, b) || a < 0 {
			return d.fail("%q: expected a weight that is not negative and a centre", line)
		}
		w, z = append(w, a), append(z, b)
	}
	if d.s.Err() != nil || len(w) != m {
		return d.fail("expected %d lines of two numbers, found %d", m, len(w))
	}
	for i := range m {
		if w[i] == 0 {
			continue
		}
		p.Quad = append(p.Quad, Quad{i, i, w[i]})
		p.C[i] -= w[i] * z[i]
		p.Offset += 0.5 * w[i] * z[i] * z[i]
	}
	return nil
}

// ErrNotSDPA tells that a problem has parts that the .dat-s format cannot state.
var ErrNotSDPA = errors.New("conic: not expressible in the SDPA format")

// WriteSDPA writes p in the format that ReadSDPA reads. Terms are multiplied out; second-order cones are written as the
// equivalent arrow matrices; a quadratic objective, equalities and an offset are refused with ErrNotSDPA.
func WriteSDPA(w io.Writer, p *Problem) error {
	if err := p.Validate(); err != nil {
		return err
	}
	switch {
	case len(p.Quad) > 0:
		return fmt.Errorf("%w: quadratic objective", ErrNotSDPA)
	case len(p.Eqs) > 0:
		return fmt.Errorf("%w: equalities", ErrNotSDPA)
	case p.Offset != 0:
		return fmt.Errorf("%w: offset of the objective", ErrNotSDPA)
	}
	b := bufio.NewWriter(w)
	if p.Name != "" {
		fmt.Fprintf(b, "\"%s\n", strings.Map(oneLine, p.Name))
	}
	fmt.Fprintf(b, "%d\n%d\n", len(p.C), len(p.Blocks))
	for k := range p.Blocks {
		n := p.Blocks[k].N
		if p.Blocks[k].Cone == Nonneg {
			n = -n
		}
		fmt.Fprintf(b, "%d ", n)
	}
	fmt.Fprintln(b)
	for _, v := range p.C {
		fmt.Fprintf(b, "%s ", number(v))
	}
	fmt.Fprintln(b)
	for k := range p.Blocks {
		blk := &p.Blocks[k]
		for _, e := range blk.Constant {
			writeElement(b, blk, 0, k, e.Row, e.Col, -e.Val)
		}
		for _, e := range Expand(p, k) {
			writeElement(b, blk, e.Var+1, k, e.Row, e.Col, e.Val)
		}
	}
	return b.Flush()
}

func oneLine(r rune) rune {
	if r == '\n' || r == '\r' {
		return ' '
	}
	return r
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// writeElement writes one element; element r of a second-order cone goes to the first row of the arrow, and element 0 to
// the whole diagonal.
func writeElement(b *bufio.Writer, blk *Block, i, k, r, c int, v float64) {
	if blk.Cone != SecondOrder {
		fmt.Fprintf(b, "%d %d %d %d %s\n", i, k+1, r+1, c+1, number(v))
		return
	}
	if r > 0 {
		fmt.Fprintf(b, "%d %d 1 %d %s\n", i, k+1, r+1, number(v))
		return
	}
	for d := range blk.N {
		fmt.Fprintf(b, "%d %d %d %d %s\n", i, k+1, d+1, d+1, number(v))
	}
}
