// Package lstm is the deep LSTM and the deep GRU, incrementally input-to-state stable on the declared range of the
// inputs: by construction, by a penalty in training, or not at all. The cells are seq.LSTM and seq.GRU; this package
// parametrises their weights, finds boxes that the states never leave, and computes the witness that cert decides on.
//
// # Boxes
//
// Let |v| <= vbar be the bound of a layer's inputs: 1 for the declared range of the network's inputs, the box of the
// hidden state for a later layer. If |h| <= hbar always, each pre-activation lies in b -+ (|W| vbar + |U| hbar), each
// gate between its values at the ends, and with upper ends f, i, o and g the larger modulus
//
//	|c| <= i g / (1 - f) =: c,   |h| <= o tanh(c)
//
// is invariant. Started from |h| <= 1 the bound of h falls with every repetition, and the bounds of every step are
// invariant. For a GRU |h+| <= max over the ends of z of z |h| + (1 - z) n <= max(|h|, n). The deployed boxes are those
// after four steps, each wider by 1e-9 so that the invariance is strict.
//
// # Comparison
//
// Write ab - a'b' = a (b-b') + (a-a') b', and let s be the largest slope of the logistic function (or of tanh) on the
// interval of a gate. Two states in the box and two inputs within vbar are after one step apart by, componentwise,
//
//	D_q = s_q (|Wq| dv + |Uq| dh),   dc+ <= f dc + c D_f + i D_g + g D_i,   dh+ <= o dc+ + tanh(c) D_o
//	GRU:  D_n = s_n (|Wn| dv + |Un| (r dh + h D_r)),   dh+ <= max over the ends of z of z dh + (1-z) D_n  +  (h + n) D_z
//
// that is |dx+| <= M |dx| + N |dv| with non-negative matrices. If rho(M) < 1 for every layer the network is
// incrementally input-to-state stable, the layers being in cascade. For a GRU M is taken at the upper end of z: where
// M eta < eta, z eta + (1-z) D_n < eta at that end gives D_n < eta, so the upper end is the larger. The same with
// Euclidean norms in place of the components is the condition of F. Bonassi, A. La Bella, G. Panzani, M. Farina,
// R. Scattolini, "Deep long-short term memory networks: stability properties and experimental validation", 2023 (with
// signed biases, iterated boxes and local slopes, which are ours). Neither implies the other; the better is used.
//
// # Construct, LSTM
//
// Theorem. Per unit let 0 < phi < rho, iota and omega in (0,1), eta > 0, kappa in (omega, 1), and for free W, U', bg
//
//	row j of U[f,g,i] = min(1, (rho - phi_j)/a_j) row j of U',   a_j = sum over k of (s_f c |Uf'| + iota s_g |Ug'| + g s_i |Ui'|)_jk kappa_k eta_k / eta_j
//	row j of Uo = min(1, rho eta_j (kappa_j - omega_j) / b_j) row j of Uo',   b_j = tanh(c_j) s_o sum over k of |Uo'|_jk kappa_k eta_k
//	bf = logit phi - |Wf| vbar - |Uf| h,   bi = logit iota - |Wi| vbar - |Ui| h,   bo = logit omega - |Wo| vbar - |Uo| h
//
// with the bounds of the next paragraph. Then for equal inputs max_j max(|dc_j|/eta_j, |dh_j|/(kappa_j eta_j)) shrinks
// at least by rho in every step, for every parameter vector.
//
// Bounds: |h| <= h0 = omega tanh(iota/(1-phi)), for then f <= phi, i <= iota, o <= omega; g = tanh(|bg| + |Wg| vbar +
// |Ug'| h0); c = iota g/(1-phi); h = omega tanh c. The slopes s are those over [top - 2(|W| vbar + |U'| h), top] with
// top = logit phi, logit iota, logit omega, and over bg -+ (|Wg| vbar + |Ug'| h0) for g. Since |U| <= |U'| all of this
// holds for the deployed rows whatever their factors, so there is no circle.
//
// Proof. Let |dc| <= eta d and |dh| <= kappa eta d. |dc+_j| <= phi_j eta_j d + (factor) a_j eta_j d <= rho eta_j d, and
// |dh+_j| <= omega_j rho eta_j d + (factor) b_j d <= omega_j rho eta_j d + rho eta_j (kappa_j - omega_j) d =
// rho kappa_j eta_j d. With different inputs N |dv| is added, a finite gain.
//
// # Construct, GRU
//
// Theorem. Per unit let 0 < zeta < rho, 0 < tau < 1, eta > 0; W, U', Ur, br, bn free,
//
//	row j of Un = min(1, (rho - zeta_j) tau_j eta_j / ((1 - zeta_j) s_n x_j)) row j of Un',   x = |Un'| (r eta + h s_r |Ur| eta)
//	row j of Uz = min(1, (rho - zeta_j) (1 - tau_j) eta_j / (2 h_j s_z (|Uz'| eta)_j)) row j of Uz',   bz = logit zeta - |Wz| vbar - |Uz| h
//
// with h = tanh(|bn| + |Wn| vbar + |Un'| r0), r0 and r the largest values of the gate r over |h| <= 1 and over the box.
// Then max_j |dh_j|/eta_j shrinks at least by rho.
//
// Proof. |D_n| <= (rho - zeta) tau/(1 - zeta) eta d < eta d, so the upper end zeta of z is the worse:
// |dh+| <= (zeta + (1-zeta)(rho-zeta) tau/(1-zeta) + (rho-zeta)(1-tau)) eta d = rho eta d.
//
// The idea of scaling rows goes back to F. Bonassi, M. Farina, R. Scattolini, "On the stability properties of gated
// recurrent units neural networks", 2021, and to the conditions of the 2023 paper. Bounds by units, the metric, local
// slopes and the bounded input gate are ours.
//
// # What is not certifiable
//
// Comparison matrices do not see signs: a rotation by theta and radius r, the realisation of a lightly damped pair,
// becomes a matrix of spectral radius r(|cos theta| + |sin theta|). See Oscillators. A linear filter in front of the
// first layer (Options.Filter) carries such modes, and its bound enters the certificate.
package lstm
