package ipm

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumb-go/plumb/conic"
)

// lyapunovTerms states a problem lyap* or lyapone* of the reference data by terms: P - I >= 0 and -(A'P + P A) - s I >= 0
// for the matrices A that its coefficients of P_aa hold.
func lyapunovTerms(flat *conic.Problem) *conic.Problem {
	n := flat.Blocks[0].N
	p := &conic.Problem{Name: flat.Name + ", terms", C: flat.C, Vars: []conic.Variable{{Kind: conic.Symmetric, Rows: n, Cols: n}}}
	p.Blocks = append(p.Blocks, conic.Block{N: n, Constant: flat.Blocks[0].Constant, Dict: identity(n),
		Terms: []conic.Term{{Scale: 0.5}}})
	for _, b := range flat.Blocks[1:] {
		a := matrixOf(&b, n, n)
		p.Blocks = append(p.Blocks, conic.Block{N: n, Constant: b.Constant, Dict: append(identity(n), a...),
			Terms: []conic.Term{{Right: n, Scale: -1}}})
	}
	return p
}

// matrixOf reads the n x w matrix G from the coefficients -(e_a g_a' + g_a e_a') of the variables P_aa of a block.
func matrixOf(b *conic.Block, n, w int) []float64 {
	g := make([]float64, n*w)
	diag := map[int]int{}
	v := conic.Variable{Kind: conic.Symmetric, Rows: n, Cols: n}
	for a := range n {
		diag[v.Index(a, a)] = a
	}
	for _, c := range b.Coefs {
		a, ok := diag[c.Var]
		if !ok {
			continue
		}
		switch {
		case c.Row == a && c.Col == a:
			g[a*w+a] = -c.Val / 2
		case c.Row == a:
			g[a*w+c.Col] = -c.Val
		case c.Col == a:
			g[a*w+c.Row] = -c.Val
		}
	}
	return g
}

func identity(n int) []float64 {
	e := make([]float64, n*n)
	for i := range n {
		e[i*n+i] = 1
	}
	return e
}

// diskTerms states a problem disk* by terms: with R = [A B] and the rows v_i of [C D],
//
//	-(sym [I; 0] P R) - lambda (alpha^2 v_0 v_0' - e_0 e_0') - sum of mu_i (v_i e_i' + e_i v_i' - 2 e_i e_i') - t I >= 0
func diskTerms(flat *conic.Problem) *conic.Problem {
	big, small := flat.Blocks[0], flat.Blocks[1]
	w, n := big.N, small.N
	np := n * (n + 1) / 2
	q := w - n - 1 // activations
	p := &conic.Problem{Name: flat.Name + ", terms", C: flat.C, Vars: []conic.Variable{
		{Kind: conic.Symmetric, Rows: n, Cols: n},
		{Kind: conic.Scalar, Rows: 1, Cols: 1, First: np},
		{Kind: conic.Diagonal, Rows: q, Cols: q, First: np + 1},
		{Kind: conic.Scalar, Rows: w, Cols: w, First: np + 1 + q},
		{Kind: conic.Scalar, Rows: n, Cols: n, First: np + 1 + q},
	}}
	full := func(i int) []float64 {
		f := make([]float64, w*w)
		for _, c := range big.Coefs {
			if c.Var == i {
				f[c.Row*w+c.Col], f[c.Col*w+c.Row] = c.Val, c.Val
			}
		}
		return f
	}
	dict := append(identity(w), matrixOf(&big, n, w)...)
	// lambda: -alpha^2 v v' + e e' with e unit vector n; v = alpha v_0 up to its sign
	f := full(np)
	f[n*w+n]--
	pivot := 0
	for i := range w {
		if f[i*w+i] < f[pivot*w+pivot] {
			pivot = i
		}
	}
	for i := range w {
		dict = append(dict, -f[pivot*w+i]/math.Sqrt(-f[pivot*w+pivot]))
	}
	// mu_i: -(v e' + e v') + 2 e e', e unit vector n+1+i; the dictionary takes v - e
	for i := range q {
		f, e := full(np+1+i), n+1+i
		row := append([]float64(nil), f[e*w:(e+1)*w]...)
		row[e] /= 2
		for j := range row {
			row[j] = -row[j]
		}
		dict = append(dict, row...)
	}
	p.Blocks = append(p.Blocks, conic.Block{N: w, Constant: big.Constant, Dict: dict, Terms: []conic.Term{
		{Var: 0, Left: 0, Right: w, Scale: -1},
		{Var: 1, Left: w + n, Right: w + n, Scale: -0.5},
		{Var: 1, Left: n, Right: n, Scale: 0.5},
		{Var: 2, Left: n + 1, Right: w + n + 1, Scale: -1},
		{Var: 3, Left: 0, Right: 0, Scale: -0.5},
	}}, conic.Block{N: n, Constant: small.Constant, Dict: identity(n), Terms: []conic.Term{{Var: 0, Scale: 0.5}, {Var: 4, Scale: -0.5}}})
	p.Blocks = append(p.Blocks, flat.Blocks[2:]...)
	return p
}

// structured returns the problem by terms, or nil for other families.
func structured(name string, flat *conic.Problem) *conic.Problem {
	switch {
	case strings.HasPrefix(name, "lyap"):
		return lyapunovTerms(flat)
	case strings.HasPrefix(name, "disk"):
		return diskTerms(flat)
	}
	return nil
}

// expandTol: the numbers in the files have few digits, products of two are exact to rounding.
const expandTol = 1e-12

func TestTermsOfReferenceData(t *testing.T) {
	for _, file := range dataFiles(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".dat-s")
		flat := readProblem(t, file)
		p := structured(name, flat)
		if p == nil {
			continue
		}
		for k := range p.Blocks {
			got, want := conic.Expand(p, k), conic.Expand(flat, k)
			have := map[conic.Coef]float64{}
			for _, c := range want {
				have[conic.Coef{Var: c.Var, Row: c.Row, Col: c.Col}] += c.Val
			}
			for _, c := range got {
				have[conic.Coef{Var: c.Var, Row: c.Row, Col: c.Col}] -= c.Val
			}
			for c, v := range have {
				if math.Abs(v) > expandTol {
					t.Fatalf("%s block %d: %v off by %g", name, k, c, v)
				}
			}
		}
		solveReference(t, name, p)
	}
}

func dataFiles(t testing.TB) []string {
	dir := os.Getenv("PLUMB_DATA")
	if dir == "" {
		t.Skip("PLUMB_DATA is not set: no reference problems")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "lmi", "*.dat-s"))
	if extra := os.Getenv("PLUMB_LMI_EXTRA"); extra != "" {
		more, _ := filepath.Glob(filepath.Join(extra, "*.dat-s"))
		files = append(files, more...)
	}
	if len(files) == 0 {
		t.Fatal("no .dat-s files in PLUMB_DATA/lmi")
	}
	return files
}
