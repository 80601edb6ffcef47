package linear

import (
	"cmp"
	"math"
	"slices"
)

// choose returns the best candidate: the one whose error, with a price on each order, is least.
func (c *chooser) choose() (*candidate, error) {
	search := c.single
	if c.p > 1 {
		search = c.several
	}
	found, err := search()
	if err != nil {
		return nil, err
	}
	var best *candidate
	for _, k := range found {
		if !math.IsInf(k.score, 1) && (best == nil || k.priced() < best.priced()) {
			best = k
		}
	}
	if best == nil {
		return nil, errNormal
	}
	return best, nil
}

// negligible is a mean square error, in scaled signals, that no smaller one beats: rounding of noise-free data.
const negligible = 1e-10

// priced is the mean square error with a price on the order: the root mean square error must fall by the price with each
// order, since some fall is chance.
func (k *candidate) priced() float64 {
	factor := 1 + price
	if k.lasting {
		factor = 1 + uncertain
	}
	return (k.score + negligible) * math.Pow(factor, 2*float64(k.sum.order()))
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
		if best.priced() < least {
			least, idle = best.priced(), 0
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
		slices.SortStableFunc(all, func(a, b choice) int { return cmp.Compare(a.score, b.score) })
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

// Search with several outputs.
const (
	severalTries  = 3 // candidates that are refined
	severalDelays = 3 // common delays tried beside the dead times: 0, 1, ..
)

// several searches models with several outputs: subspace estimates of many orders, with some delays, of which the best
// few are refined.
func (c *chooser) several() ([]*candidate, error) {
	var found []*candidate
	for _, delay := range c.commonDelays() {
		q, ok := newSubspace(c.moments, delay, c.past, c.o.MaxOrder)
		if !ok {
			continue
		}
		for n := 1; n <= q.rank; n += 1 + min(n/12, 1) { // every order to 12, then every second
			s, ok := c.start(q, n)
			if !ok {
				continue
			}
			k, err := c.try(s, delay, "subspace", 0)
			if err != nil {
				return nil, err
			}
			if k != nil {
				found = append(found, k)
			}
		}
	}
	front := front(found)
	for i := max(0, len(front)-severalTries); i < len(front); i++ {
		k, err := c.try(front[i].sum, front[i].delay, "subspace", tryIters)
		if err != nil {
			return nil, err
		}
		front[i] = better(front[i], k)
	}
	return front, nil
}

// start is the subspace estimate of order n as a sum of sections.
func (c *chooser) start(q *subspace, n int) (*sum, bool) {
	a, b, cm, d, y0, ok := q.model(n)
	if !ok {
		return nil, false
	}
	s, ok := newSumFrom(n, c.m, c.p, a, b, cm, d, y0)
	if !ok {
		return nil, false
	}
	return s.integrating(c.integrators), true
}

// commonDelays lists the delays to try: those asked for, or the dead times and a few that all inputs share.
func (c *chooser) commonDelays() [][]int {
	if c.o.Delay != nil {
		return [][]int{c.o.Delay}
	}
	out := [][]int{c.moments.deadTimes(c.o.MaxDelay, c.past)}
	for d := range min(severalDelays, c.o.MaxDelay+1) {
		same := make([]int, c.m)
		for j := range same {
			same[j] = d
		}
		if !slices.Equal(same, out[0]) {
			out = append(out, same)
		}
	}
	return out
}

// front returns the best candidate of each order, without those that a smaller order beats at its price.
func front(found []*candidate) []*candidate {
	slices.SortStableFunc(found, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(a.sum.order(), b.sum.order()), cmp.Compare(a.score, b.score))
	})
	var out []*candidate
	least := math.Inf(1)
	for _, k := range found {
		if len(out) > 0 && out[len(out)-1].sum.order() == k.sum.order() {
			continue
		}
		if k.priced() < least {
			least = k.priced()
			out = append(out, k)
		}
	}
	return out
}
