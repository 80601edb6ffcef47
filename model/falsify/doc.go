// Package falsify attacks the proved bound of a deep LSTM or GRU: it looks for two trajectories that are further apart
// than the claim delta-iss allows. A proved bound survives every attack; one that does not shows an error in the proof,
// in the checker or in the simulator, and an attack that breaks nothing when the weights were enlarged behind the
// certificate is too weak to mean anything.
//
// The claim. While |u|_inf <= 1, for any two initial states in the boxes and every k,
//
//	N_q(dx(k)) <= eta_q r^k d + zeta_q e,    |dy_i(k)| <= D_i r^k d + G_i e,
//
// d = max_q N_q(dx(0)) / eta_q and e = sup |du|_inf over the inputs up to then. The quantities N_q are |dx_j| of single states, Euclidean norms over the cells and over the hidden states of a
// layer proved in norms, and |ds_i| of the complex states of a filter. The figure of an attack is the largest
// left-hand side over right-hand side, over all pairs, steps and quantities; at k = 0 that is 1 by definition and is
// left out for the states.
//
// Two searches. Random draws pairs of many kinds (corners, close states, noise, steps, ramps, tones, equal and
// different inputs). Ascend climbs: a pair is a midpoint and a difference, of states and of inputs, and moves along the
// signs of the gradient of one quantity at one step, by backpropagation through a simulation of both trajectories. As
// the domain is convex, the largest ratio is approached by close pairs (a difference is the integral of derivatives
// along the segment between the pair), so most climbs keep the differences small; then the best difference is the sign
// pattern of a row of derivatives, and the midpoint alone is a nonlinear problem. For a true claim without inputs
// the worst ratio over all quantities cannot grow with k; the gain needs long horizons; a wrong rate shows at long
// ones too. Climbs are therefore spread over horizons from one step on.
//
// The simulation is the package's own, written from the equations in nn/seq and not from its passes: it is a second
// opinion on them, it shows every state, and its reverse sweep gives the gradient to the inputs.
//
// Rounding: a bound that decays to nothing is compared with a difference that rounding keeps alive, so d is enlarged
// by 64 eps / (1 - r) times the largest distance in the boxes: one step rounds by less than 64 units in the last
// place of the box, and the claim itself says how such errors add up.
package falsify
