// Package parallel is the one place where work is spread over cores: a bounded number of goroutines takes numbered
// tasks; results are stored by number, so they do not depend on how many workers there are.
package parallel

import (
	"sync"
	"sync/atomic"
)

// Pool runs tasks on at most Workers goroutines, the caller's among them. The zero value has one worker. A Pool holds
// no goroutines between calls.
type Pool struct{ workers int }

// New returns a pool with n workers, at least one.
func New(n int) *Pool { return &Pool{max(n, 1)} }

// Workers is the bound.
func (p *Pool) Workers() int { return max(p.workers, 1) }

// Run calls task(worker, i) once for each i in [0, n), worker in [0, Workers()), and returns when all are done. No two
// tasks with the same worker number run at the same time.
func (p *Pool) Run(n int, task func(worker, i int)) {
	k := min(p.Workers(), n)
	if k <= 1 {
		for i := range n {
			task(0, i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	loop := func(worker int) {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			task(worker, i)
		}
	}
	for w := 1; w < k; w++ {
		wg.Go(func() { loop(w) })
	}
	loop(0)
	wg.Wait()
}
