package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

func balance(minor int64) *int64 { return &minor }

func TestVerdicts(t *testing.T) {
	begin := Operation{Kind: "init", CallUs: 1, ReturnUs: 2, Balance: balance(100)}
	pay := Operation{Kind: "append", Key: "a", Amount: -60, CallUs: 3, ReturnUs: 6, Balance: balance(40)}
	for name, one := range map[string]struct {
		ops  []Operation
		want porcupine.CheckResult
	}{
		"a payment and a statement that shows it":            {[]Operation{begin, pay, {Kind: "read", Keys: []string{"a"}, CallUs: 7, ReturnUs: 8, Balance: balance(40)}}, porcupine.Ok},
		"a statement at the same time may lack it":           {[]Operation{begin, pay, {Kind: "read", CallUs: 4, ReturnUs: 5, Balance: balance(100)}}, porcupine.Ok},
		"a statement afterwards may not":                     {[]Operation{begin, pay, {Kind: "read", CallUs: 7, ReturnUs: 8, Balance: balance(100)}}, porcupine.Illegal},
		"who heard nothing may have paid":                    {[]Operation{begin, {Kind: "append", Key: "a", Amount: -60, CallUs: 3}, {Kind: "read", Keys: []string{"a"}, CallUs: 7, ReturnUs: 8}}, porcupine.Ok},
		"or not":                                             {[]Operation{begin, {Kind: "append", Key: "a", Amount: -60, CallUs: 3}, {Kind: "read", CallUs: 7, ReturnUs: 8}}, porcupine.Ok},
		"but not first so and then so":                       {[]Operation{begin, {Kind: "append", Key: "a", Amount: -60, CallUs: 3}, {Kind: "read", Keys: []string{"a"}, CallUs: 7, ReturnUs: 8}, {Kind: "read", CallUs: 9, ReturnUs: 10}}, porcupine.Illegal},
		"refused though the money was there":                 {[]Operation{begin, {Kind: "refused", Key: "a", Amount: -60, CallUs: 3, ReturnUs: 6}}, porcupine.Illegal},
		"refused while somebody else's payment had taken it": {[]Operation{begin, pay, {Kind: "refused", Key: "b", Amount: -60, CallUs: 4, ReturnUs: 9}}, porcupine.Ok},
	} {
		if got := judge(one.ops, time.Second); got != one.want {
			t.Errorf("%s: %v, not %v", name, got, one.want)
		}
	}
}

// Eight payments of unknown outcome and then a lie: the search alone would try every order of the eight.
func TestAManyfoldUnknownIsDecided(t *testing.T) {
	ops := []Operation{{Kind: "init", CallUs: 1, ReturnUs: 2, Balance: balance(10_000)}}
	keys := []string{}
	for n := int64(0); n < 12; n++ {
		key := fmt.Sprint("paid ", n)
		ops = append(ops, Operation{Kind: "append", Key: key, Amount: -10 - n, CallUs: 10 + n})
		if n%2 == 0 {
			keys = append(keys, key)
		}
	}
	ops = append(ops,
		Operation{Kind: "append", Key: "paid last", Amount: -1, CallUs: 90, ReturnUs: 95},
		Operation{Kind: "read", Keys: append(slices.Clone(keys), "paid last"), CallUs: 100, ReturnUs: 110})
	if got := judge(ops, 5*time.Second); got != porcupine.Ok {
		t.Errorf("the truth: %v", got)
	}
	ops[len(ops)-1].Keys = keys
	if got := judge(ops, 5*time.Second); got != porcupine.Illegal {
		t.Errorf("the lie: %v", got)
	}
}

func TestGraph(t *testing.T) {
	wallet := func(name string, paidFrom, paidUntil int64) []Operation {
		return []Operation{
			{Wallet: name, Kind: "init", CallUs: 1, ReturnUs: 2, Balance: balance(100)},
			{Wallet: name, Kind: "append", Key: "paid " + name, Amount: -60, CallUs: paidFrom, ReturnUs: paidUntil, Balance: balance(40)},
			{Wallet: name, Kind: "read", Keys: []string{"paid " + name}, CallUs: 90, ReturnUs: 91},
		}
	}
	report := func(from, until int64, keys ...string) Operation {
		return Operation{Wallet: everybody, Kind: "report", Keys: keys, CallUs: from, ReturnUs: until}
	}
	for name, one := range map[string]struct {
		a, b    []Operation
		reports []Operation
		right   bool
	}{
		"a report between two payments":                      {wallet("a", 10, 20), wallet("b", 40, 50), []Operation{report(30, 35, "paid a")}, true},
		"a report that lacks what was answered before it":    {wallet("a", 10, 20), wallet("b", 40, 50), []Operation{report(30, 35)}, false},
		"a report at the same time may show one of two":      {wallet("a", 10, 20), wallet("b", 10, 20), []Operation{report(12, 18, "paid b")}, true},
		"but not the later and lack the earlier":             {wallet("a", 10, 12), wallet("b", 14, 20), []Operation{report(9, 18, "paid b")}, false},
		"two reports may not see two payments in two orders": {wallet("a", 10, 20), wallet("b", 10, 20), []Operation{report(9, 18, "paid b"), report(9, 18, "paid a")}, false},
		"a report of what nobody wrote":                      {wallet("a", 10, 20), wallet("b", 10, 20), []Operation{report(30, 40, "paid a", "paid b", "paid c")}, false},
	} {
		wallets := map[string][]Operation{"a": one.a, "b": one.b, everybody: one.reports}
		if found := graphProblems(wallets); (len(found) == 0) != one.right {
			t.Errorf("%s: %v", name, found)
		}
	}
}
