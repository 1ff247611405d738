//go:build race

package reports

const raceDetector = true
