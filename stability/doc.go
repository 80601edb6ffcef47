// Package stability answers questions about the long run of dynamical systems: where the equilibria are, which of them
// attract, from how far, and how large the response to a disturbance can become.
//
//	dx/dt = f(x)  or  x(k+1) = f(x(k)),   x in R^n
//
// One file holds one theorem. Linear systems: Classify, Lyapunov (LinearLyapunov), Ultimate (input-to-state bounds),
// Gaussian, Descent. Nonlinear systems are given as a Field, whose values and Jacobians are enclosed by intervals with
// outward rounding: Equilibria (Krawczyk), Linearise, Region (the largest sublevel set of a quadratic Lyapunov function on
// which the decrease is proved), CheckCandidate (a Lyapunov function given as an expression).
//
// # How sure a result is
//
// Every result says how it was decided. Estimated: found by samples or search. Bounded: by floating-point computation with a
// stated tolerance. Verified: by interval arithmetic with outward rounding, so it holds for the real numbers that the
// stored floats stand for. Proved is reserved for what package cert accepts.
//
// # Conventions
//
// Matrices are row-major dense n x n. P is symmetric and V(x) = (x - x*)'P(x - x*); the "level" of a point is its V, not
// its square root. Discrete time has the unit "step".
//
// # References
//
// Sarah Dean, ML in Feedback Systems, lecture 5. Bof, Carli, Schenato, Lyapunov Theory for Discrete Time Systems,
// arXiv 1809.05289 (2018). Khalil, Nonlinear Systems, 3rd ed. (2002). Neumaier, Interval Methods for Systems of Equations
// (1990).
package stability
