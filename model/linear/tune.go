package linear

// Trials of the initial-state estimator.
const (
	tuneStarts  = 12 // windows over the estimation data
	noticeable  = 0.01
	tuneHorizon = 3000 // samples simulated from each
)

// tune decides how far windows are to be trusted: the variance of their errors, as a share of the variance of the
// simulation error (a simulation is wrong for reasons that a short window does not have), and the factor by which
// older samples count less. It takes the pair that simulates best from windows all over the estimation data; the neutral
// pair (1, 1) unless another is better by more than noticeable.
func (m *Model) tune(parts []stretch) {
	trials := tuneSet(parts)
	base := append([]float64(nil), m.trust...)
	best := m.score(trials, 1) * (1 - noticeable)
	trust, forget := 1.0, 1.0
	for _, t := range []float64{1, 10, 100} {
		for _, g := range []float64{1, 0.97, 0.9, 0.7} {
			m.forget = g
			for i := range base {
				m.trust[i] = t * base[i]
			}
			if e := m.score(trials, 1); e < best {
				best, trust, forget = e, t, g
			}
		}
	}
	m.forget = forget
	for i := range base {
		m.trust[i] = trust * base[i]
	}
}

// tuneSet cuts windows with what follows them out of the stretches, evenly spread.
func tuneSet(parts []stretch) (out []stretch) {
	all := length(parts)
	for i := range parts {
		s := &parts[i]
		span := min(s.window+tuneHorizon, s.steps)
		count := max(tuneStarts*s.steps/all, 1)
		for k := range count {
			from := 0
			if count > 1 {
				from = k * (s.steps - span) / (count - 1)
			}
			out = append(out, s.cut(from, from+span))
		}
	}
	return out
}
