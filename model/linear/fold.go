package linear

import "math"

// fold is one division of the estimation data into what candidates are fitted to and what chooses among them.
type fold struct{ fit, check []stretch }

// Folds.
const (
	shortRecord = 4000 // samples below which each quarter of the data checks in turn
	foldCount   = 4
	heldOut     = 0.25 // share that checks once in a longer record
	leastPiece  = 30   // samples of a stretch to fit
)

// makeFolds divides: by the validation parts where there are any; else a short record into quarters, each of which
// checks once, since a single quarter of it may not be representative; else the last quarter checks.
func makeFolds(train, validation []stretch) []fold {
	switch {
	case len(validation) > 0:
		return []fold{{train, validation}}
	case length(train) > shortRecord:
		return []fold{last(train)}
	}
	var out []fold
	if len(train) >= foldCount {
		for k := range foldCount {
			var f fold
			for i, s := range train {
				if i*foldCount/len(train) == k {
					f.check = append(f.check, s)
				} else {
					f.fit = append(f.fit, s)
				}
			}
			out = append(out, f)
		}
		return out
	}
	for k := range foldCount {
		var f fold
		for i := range train {
			s := &train[i]
			from, to := k*s.steps/foldCount, (k+1)*s.steps/foldCount
			f.check = append(f.check, s.cut(max(from-s.window, 0), to))
			if from >= leastPiece {
				f.fit = append(f.fit, s.cut(0, from))
			}
			if s.steps-to >= leastPiece {
				f.fit = append(f.fit, s.cut(to, s.steps))
			}
		}
		if len(f.fit) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// last holds out the last quarter: whole stretches where there are four or more, else the tail of each. A tail begins
// with samples of overlap that initialise it.
func last(train []stretch) (f fold) {
	if k := len(train); k >= 4 {
		n := 0
		for k > 1 && float64(n) < heldOut*float64(length(train)) {
			k--
			n += train[k].steps
		}
		return fold{train[:k], train[k:]}
	}
	for i := range train {
		s := &train[i]
		cut := s.steps - int(heldOut*float64(s.steps))
		f.fit = append(f.fit, s.cut(0, cut))
		f.check = append(f.check, s.cut(max(cut-s.window, 0), s.steps))
	}
	return f
}

// middle keeps at most n samples: a run from the middle of each stretch.
func middle(parts []stretch, n int) []stretch {
	return shorten(parts, n, func(steps, keep int) int { return (steps - keep) / 2 })
}

// beginning keeps at most about n samples, from the beginning of each stretch.
func beginning(parts []stretch, n int) []stretch {
	return shorten(parts, n, func(int, int) int { return 0 })
}

func shorten(parts []stretch, n int, from func(steps, keep int) int) []stretch {
	total := length(parts)
	if total <= n {
		return parts
	}
	var out []stretch
	for i := range parts {
		s := &parts[i]
		keep := min(max(s.steps*n/total, 2*s.window), s.steps)
		at := from(s.steps, keep)
		out = append(out, s.cut(at, at+keep))
	}
	return out
}

// increments replaces the outputs by their differences, scaled to unit mean square.
func increments(parts []stretch) []stretch {
	var out []stretch
	var ss, n float64
	for i := range parts {
		d := parts[i].cut(1, parts[i].steps)
		for o, y := range d.y {
			diff := make([]float64, len(y))
			for k := range y {
				diff[k] = y[k] - parts[i].y[o][k]
				ss += diff[k] * diff[k]
				n++
			}
			d.y[o] = diff
		}
		out = append(out, d)
	}
	if ss > 0 {
		f := math.Sqrt(n / ss)
		for i := range out {
			for _, y := range out[i].y {
				for k := range y {
					y[k] *= f
				}
			}
		}
	}
	return out
}
