package linear

import (
	"math"
	"slices"
)

// choose returns the best candidate: of all orders tried, the smallest whose error is within improvement of the least.
func (c *chooser) choose() (*candidate, error) {
	search := c.single
	if c.p > 1 {
		search = c.several
	}
	found, err := search()
	if err != nil {
		return nil, err
	}
	least := math.Inf(1)
	for _, k := range found {
		least = min(least, k.score)
	}
	for _, k := range found { // rising order
		if k.score <= least*(1+improvement)*(1+improvement) && !math.IsInf(k.score, 1) {
			return k, nil
		}
	}
	return nil, errNormal
}

// better keeps the candidate with the smaller error; either may be nil.
func better(a, b *candidate) *candidate {
	if a == nil || b != nil && b.score < a.score {
		return b
	}
	return a
}

// single searches models with one output, order by order. Only poles are carried from start to fit.
func (c *chooser) single() ([]*candidate, error) {
	var found []*candidate
	var last *candidate // best of the order before
	least, idle := math.Inf(1), 0
	for n := 1; n <= max(c.o.MaxOrder-len(c.integrators), 1); n++ {
		best, err := c.orderN(n, last)
		if err != nil {
			return nil, err
		}
		if best == nil {
			continue
		}
		found, last = append(found, best), best
		if best.score < least*(1-improvement) {
			least, idle = best.score, 0
		} else if idle++; idle >= patience {
			break
		}
	}
	return found, nil
}

// orderN returns the best candidate of n free poles.
func (c *chooser) orderN(n int, last *candidate) (*candidate, error) {
	var best *candidate
	add := func(poles []complex128, delay []int, method string, iterations int) (*candidate, error) {
		k, err := c.try(newSum(c.m, c.p, poles, c.integrators), delay, method, iterations)
		if err == nil && iterations > 0 {
			best = better(best, k)
		}
		return k, err
	}
	delays, err := c.delays(n)
	if err != nil {
		return nil, err
	}
	for _, d := range delays {
		if poles, ok := c.moments.arx(n, d); ok {
			if _, err := add(poles, d, "arx", tryIters); err != nil {
				return nil, err
			}
		}
		if q, ok := newSubspace(c.moments, d, c.past, n); ok && q.rank >= n {
			if a, _, _, _, _, ok := q.model(n); ok {
				if poles, ok := eigen(n, a); ok {
					if _, err := add(poles, d, "subspace", tryIters); err != nil {
						return nil, err
					}
				}
			}
		}
	}
	if last != nil { // one pole more
		known := slices.DeleteFunc(last.sum.poles(), func(z complex128) bool { return z == 1 })
		var start *candidate
		var poles []complex128
		for _, extra := range []float64{0, 0.5, 0.95} {
			z := append(slices.Clone(known), complex(extra, 0))
			k, err := add(z, last.delay, last.method, 0)
			if err != nil {
				return nil, err
			}
			if b := better(start, k); b != start {
				start, poles = b, z
			}
		}
		if start != nil {
			if _, err := add(poles, last.delay, last.method, tryIters); err != nil {
				return nil, err
			}
		}
	}
	return best, nil
}

// delayChoices is the number of delays that are refined per order.
const delayChoices = 2

// delays returns the most promising delays for order n: those whose ARX poles, with all else fitted on the output
// error, simulate best. First all inputs have the same delay, then each moves alone.
func (c *chooser) delays(n int) ([][]int, error) {
	if c.o.Delay != nil {
		return [][]int{c.o.Delay}, nil
	}
	type choice struct {
		delay []int
		score float64
	}
	var all []choice
	add := func(d []int) error {
		poles, ok := c.moments.arx(n, d)
		if !ok {
			return nil
		}
		k, err := c.try(newSum(c.m, c.p, poles, c.integrators), d, "arx", 0)
		if k != nil {
			all = append(all, choice{k.delay, k.score})
		}
		return err
	}
	sorted := func() {
		slices.SortStableFunc(all, func(a, b choice) int {
			switch {
			case a.score < b.score:
				return -1
			case a.score > b.score:
				return 1
			}
			return 0
		})
	}
	for d := range c.o.MaxDelay + 1 {
		delay := make([]int, c.m)
		for j := range delay {
			delay[j] = d
		}
		if err := add(delay); err != nil {
			return nil, err
		}
	}
	sorted()
	if c.m > 1 && len(all) > 0 {
		for j := range c.m {
			base := all[0].delay
			for d := range c.o.MaxDelay + 1 {
				delay := slices.Clone(base)
				if delay[j] != d {
					delay[j] = d
					if err := add(delay); err != nil {
						return nil, err
					}
				}
			}
			sorted()
		}
	}
	var out [][]int
	for _, k := range all[:min(delayChoices, len(all))] {
		out = append(out, k.delay)
	}
	return out, nil
}

// severalTries is the number of orders that are refined with several outputs.
const severalTries = 4

// several searches models with several outputs: subspace estimates of all orders, of which the best few are refined.
func (c *chooser) several() ([]*candidate, error) {
	delay := c.o.Delay
	if delay == nil {
		delay = c.moments.deadTimes(c.o.MaxDelay, c.past)
	}
	q, ok := newSubspace(c.moments, delay, c.past, c.o.MaxOrder)
	if !ok {
		return nil, errNormal
	}
	var found []*candidate
	for n := 1; n <= q.rank; n++ {
		a, b, cm, d, y0, ok := q.model(n)
		if !ok {
			continue
		}
		s, ok := newSumFrom(n, c.m, c.p, a, b, cm, d, y0)
		if !ok {
			continue
		}
		k, err := c.try(s.integrating(c.integrators), delay, "subspace", 0)
		if err != nil {
			return nil, err
		}
		if k != nil {
			found = append(found, k)
		}
	}
	for _, i := range promising(found, severalTries) {
		k, err := c.try(found[i].sum, delay, "subspace", tryIters)
		if err != nil {
			return nil, err
		}
		found[i] = better(found[i], k)
	}
	return found, nil
}

// promising returns the indices of the candidates with the least errors, thinned so that neighbouring orders that are
// no better than a smaller one do not take all places.
func promising(found []*candidate, count int) []int {
	var front []int
	least := math.Inf(1)
	for i, k := range found {
		if k.score < least*(1-improvement) {
			least = k.score
			front = append(front, i)
		}
	}
	return front[max(0, len(front)-count):]
}
