//go:build race

package lmi

const raceEnabled = true // allocations are counted without it only: it drops pooled scratch at random
