package direct

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Sandwich maps free (U, V, d) to the matrices of a layer h -> Wout tanh(Win h + b) that is 1-Lipschitz in the
// Euclidean norm, for any activation with slopes in [0, 1].
//
// Map. Z = U - U' + V'V, F = inv(I + Z), Psi = diag(exp d), [A'; B'] = [2F - I; -2 V F] (orthonormal columns, the
// Cayley transform), Wout = sqrt(2) A' Psi, Win = sqrt(2) inv(Psi) B, both shrunk by a hair so that the claim survives
// rounding.
//
// Proof. With T = Psi^2, [[I, -Win'T], [-T Win, 2T - Wout'Wout]] >= 0: its Schur complement is
// 2 Psi (I - AA' - BB') Psi = 0. Slopes in [0, 1] give dt'T(2 Win dh - 2 dt) >= 0 for t = tanh, and adding it to
// |dh|^2 - |Wout dt|^2 gives that quadratic form, so |Wout dt| <= |dh|.
//
// Source: Wang, Manchester, "Direct parameterization of Lipschitz-bounded deep networks" (2023), Theorem 3.2; the
// shrink is ours.
type Sandwich struct {
	Q, Width int // width outside and inside; Width <= 2 Q

	f, z, df, dz []float64 // Width x Width
	theta        []float64
	ab           []float64 // [A'; B'], 2Q x Width
	r            []float64 // its gradient
	wout, win    []float64
	lu           mat.LU
	id           *mat.Dense
}

// shrink is far above rounding and far below what accuracy can feel.
const shrink = 1e-9

// NewSandwich returns the map with its workspace.
func NewSandwich(q, width int) (*Sandwich, error) {
	if q < 1 || width < 1 || width > 2*q {
		return nil, fmt.Errorf("direct: sandwich layer needs 1 <= width <= 2 q, got q=%d width=%d", q, width)
	}
	h := width * width
	s := &Sandwich{Q: q, Width: width, f: make([]float64, h), z: make([]float64, h), df: make([]float64, h), dz: make([]float64, h),
		ab: make([]float64, 2*q*width), r: make([]float64, 2*q*width), wout: make([]float64, q*width), win: make([]float64, width*q)}
	s.theta = make([]float64, s.Dim())
	s.id = mat.NewDense(width, width, nil)
	for i := range width {
		s.id.Set(i, i, 1)
	}
	return s, nil
}

// Dim is the number of free parameters, in the order U (w x w), V ((2q-w) x w), d (w).
func (s *Sandwich) Dim() int { return 2*s.Q*s.Width + s.Width }

func (s *Sandwich) parts(theta []float64) (u, v, d []float64) {
	w := s.Width
	return theta[:w*w], theta[w*w : 2*s.Q*w], theta[2*s.Q*w : 2*s.Q*w+w]
}

// Map writes Win (w x q) and Wout (q x w), row-major.
func (s *Sandwich) Map(theta, win, wout []float64) {
	copy(s.theta, theta)
	u, v, d := s.parts(s.theta)
	w, q := s.Width, s.Q
	for i := range w {
		for j := range w {
			z := u[i*w+j] - u[j*w+i]
			for l := range 2*q - w {
				z += v[l*w+i] * v[l*w+j]
			}
			if i == j {
				z++
			}
			s.z[i*w+j] = z
		}
	}
	s.lu.Factorize(mat.NewDense(w, w, s.z))
	_ = s.lu.SolveTo(mat.NewDense(w, w, s.f), false, s.id) // I + Z has a positive definite symmetric part: regular
	for i := range w {
		for j := range w {
			s.ab[i*w+j] = 2 * s.f[i*w+j]
			if i == j {
				s.ab[i*w+j]--
			}
		}
	}
	for i := range 2*q - w {
		for j := range w {
			var x float64
			for l := range w {
				x += v[i*w+l] * s.f[l*w+j]
			}
			s.ab[(w+i)*w+j] = -2 * x
		}
	}
	const root = math.Sqrt2 * (1 - shrink)
	for j := range w {
		psi := math.Exp(d[j])
		for i := range q {
			wout[i*w+j] = root * s.ab[i*w+j] * psi
			win[j*q+i] = root * s.ab[(q+i)*w+j] / psi
		}
	}
	copy(s.wout, wout)
	copy(s.win, win)
}

// Pull adds the gradient with respect to the parameters of the last Map.
func (s *Sandwich) Pull(dwin, dwout, dtheta []float64) {
	_, v, d := s.parts(s.theta)
	du, dv, dd := s.parts(dtheta)
	w, q := s.Width, s.Q
	const root = math.Sqrt2 * (1 - shrink)
	for j := range w {
		psi := math.Exp(d[j])
		for i := range q {
			s.r[i*w+j] = root * dwout[i*w+j] * psi
			s.r[(q+i)*w+j] = root * dwin[j*q+i] / psi
			dd[j] += s.wout[i*w+j]*dwout[i*w+j] - s.win[j*q+i]*dwin[j*q+i]
		}
	}
	for i := range w { // dF = 2 R1 - 2 V'R2
		for j := range w {
			x := s.r[i*w+j]
			for l := range 2*q - w {
				x -= v[l*w+i] * s.r[(w+l)*w+j]
			}
			s.df[i*w+j] = 2 * x
		}
	}
	mulTN(s.z, s.f, s.df, w) // dZ = -F' dF F'
	mulNT(s.dz, s.z, s.f, w)
	for i := range w {
		for j := range w {
			du[i*w+j] += s.dz[j*w+i] - s.dz[i*w+j]
		}
	}
	for l := range 2*q - w {
		for j := range w {
			var x float64
			for i := range w {
				x -= 2 * s.r[(w+l)*w+i] * s.f[j*w+i]
				x -= v[l*w+i] * (s.dz[i*w+j] + s.dz[j*w+i])
			}
			dv[l*w+j] += x
		}
	}
}

// Multiplier returns the diagonal of T = Psi^2 of the last Map.
func (s *Sandwich) Multiplier() []float64 {
	_, _, d := s.parts(s.theta)
	t := make([]float64, s.Width)
	for j := range t {
		t[j] = math.Exp(2 * d[j])
	}
	return t
}
