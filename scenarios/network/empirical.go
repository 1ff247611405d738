package network

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// samples are the values of a file.
type samples struct {
	path   string
	values []time.Duration
}

func (s *samples) mean() time.Duration {
	sum := 0.0 // of up to 1h each, in nanoseconds: an int64 ends at 2.5 million
	for _, v := range s.values {
		sum += float64(v)
	}
	return time.Duration(sum / float64(len(s.values)))
}

func readEmpirical(path string) (Distribution, error) {
	if path == "" {
		return Distribution{}, errors.New("no file is given: want empirical(FILE), a text file with one duration on a line")
	}
	f, err := os.Open(path)
	if err != nil {
		return Distribution{}, fmt.Errorf("read the samples: %w", err)
	}
	defer f.Close()
	values, err := readSamples(path, f)
	if err != nil {
		return Distribution{}, err
	}
	return Distribution{shape: empirical, file: &samples{path, values}}, nil
}

func readSamples(path string, r io.Reader) ([]time.Duration, error) {
	var values []time.Duration
	lines := bufio.NewScanner(r)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		v, bare := milliseconds(line)
		if !bare {
			var err error
			if v, err = time.ParseDuration(line); err != nil {
				return nil, fmt.Errorf("%s:%d: %.40q is no duration: want one such as 12ms, or a number of milliseconds", path, n, line)
			}
		}
		if err := inRange(v); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		values = append(values, v)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w: want one duration on a line", path, n+1, err)
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("%s has no durations: want one on a line, such as 12ms", path)
	}
	return values, nil
}
