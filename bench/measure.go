package main

import (
	"syscall"
	"time"
)

const (
	sampleTime = 20 * time.Millisecond // CPU time of a sample at least
	sampleMin  = 5                     // samples of a round
)

// cpuTime is the CPU time that this process has used in all its threads, collector included.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("bench: no CPU time on this system: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure is the median CPU time of one step in microseconds. peer.py does the same.
func measure(step func()) float64 {
	n := 1
	for {
		if t := timed(step, n); t >= sampleTime/2 {
			n = max(1, int(float64(n)*float64(sampleTime)/float64(t)+0.5))
			break
		}
		n *= 2
	}
	var samples []float64
	for range sampleMin {
		samples = append(samples, float64(timed(step, n).Nanoseconds())/1e3/float64(n))
	}
	return median(samples)
}

func timed(step func(), n int) time.Duration {
	start := cpuTime()
	for range n {
		step()
	}
	return cpuTime() - start
}
