// Package units writes numbers with their units as people read them.
package units

import (
	"fmt"
	"strconv"
	"strings"
)

// Number has as many digits as people read.
func Number(v float64) string {
	switch size := max(v, -v); {
	case size >= 1000:
		return Thousands(int(v))
	case size >= 100:
		return fmt.Sprintf("%.0f", v)
	case size >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// Seconds of a number of milliseconds.
func Seconds(ms float64) string {
	switch size := max(ms, -ms); {
	case size >= 10_000:
		return fmt.Sprintf("%.1f s", ms/1000)
	case size >= 1000:
		return fmt.Sprintf("%.2f s", ms/1000)
	case size >= 10:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f ms", ms)
}

// Percent of a share.
func Percent(share float64) string {
	p := 100 * share
	switch size := max(p, -p); {
	case size >= 10:
		return fmt.Sprintf("%.0f %%", p)
	case size >= 0.1:
		return fmt.Sprintf("%.1f %%", p)
	case size == 0:
		return "0 %"
	}
	return strings.Replace(strconv.FormatFloat(p, 'g', 1, 64), "e-0", "e-", 1) + " %"
}

// Rate is a rare share: 1e-6, 2.5e-07 as 2.5e-7.
func Rate(share float64) string {
	if share >= 0.001 {
		return Percent(share)
	}
	return strings.Replace(strconv.FormatFloat(share, 'g', 2, 64), "e-0", "e-", 1)
}

// Thousands groups digits by commas.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Ranges are ascending numbers as people write them: 3, 7-9.
func Ranges(numbers []int) (all []string) {
	for i := 0; i < len(numbers); {
		last := i
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		one := strconv.Itoa(numbers[i])
		if last > i {
			one += "-" + strconv.Itoa(numbers[last])
		}
		all = append(all, one)
		i = last + 1
	}
	return all
}

// Metric is the value of a metric with its unit.
func Metric(metric string, v float64) string {
	switch {
	case strings.Contains(metric, "_ms."):
		return Seconds(v)
	case strings.HasSuffix(metric, ".rate"):
		return Percent(v)
	case strings.HasPrefix(metric, "cost_usd."):
		return fmt.Sprintf("$%.3f", v)
	}
	return Number(v)
}
