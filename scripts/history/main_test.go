package main

import (
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
