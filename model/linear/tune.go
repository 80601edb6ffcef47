package linear

// Trials of the initial-state estimator.
const (
	tuneStarts  = 12   // windows over the estimation data
	tuneHorizon = 3000 // samples simulated from each
)

// tune decides how far windows of the given lengths are to be trusted: the variance of its errors, as a share of the
// variance of the simulation error (a simulation is wrong for reasons that a short window does not have), and the
// factor by which older samples count less. It takes the pair that simulates best from windows all over the estimation
// data; the neutral pair (1, 1) unless another is better by more than improvement.
func (m *Model) tune(parts []stretch, lengths []int) {
	starts, windows := tuneSet(parts, lengths)
	if len(starts) == 0 {
		return
	}
	base := append([]float64(nil), m.trust...)
	best := m.score(starts, windows) * (1 - improvement)
	trust, forget := 1.0, 1.0
	for _, t := range []float64{1, 10, 100} {
		for _, g := range []float64{1, 0.97, 0.9, 0.7} {
			m.forget = g
			for i := range base {
				m.trust[i] = t * base[i]
			}
			if e := m.score(starts, windows); e < best {
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
func tuneSet(parts []stretch, lengths []int) (starts []stretch, windows []int) {
	all := length(parts)
	for i := range parts {
		s := &parts[i]
		w := lengths[i]
		span := min(w+tuneHorizon, s.steps)
		count := max(tuneStarts*s.steps/all, 1)
		if w < 1 || s.steps <= w {
			continue
		}
		for k := range count {
			from := 0
			if count > 1 {
				from = k * (s.steps - span) / (count - 1)
			}
			starts, windows = append(starts, s.cut(from, from+span)), append(windows, w)
		}
	}
	return starts, windows
}
