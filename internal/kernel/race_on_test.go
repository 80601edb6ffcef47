//go:build race

package kernel

const raceDetector = true // sync.Pool then drops items at random
