//go:build !race

package lmi

const raceEnabled = false
