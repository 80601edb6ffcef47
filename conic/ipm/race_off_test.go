//go:build !race

package ipm

const raceEnabled = false
