// Judges a recorded history of wallets: is there an order of what happened, in keeping with when each client asked and heard, in which
// every answer is right? The search is porcupine's; here stands only what a wallet is. A transaction touches one wallet, so each wallet
// may be judged alone, and together they are then strictly serializable.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// Operation is one line of the record. An append without an answer has ReturnUs 0: it happened, or not.
type Operation struct {
	Wallet   string   `json:"wallet"`
	Client   int      `json:"client"`
	Kind     string   `json:"kind"` // init, append, refused, read
	Key      string   `json:"key"`
	Amount   int64    `json:"amount"`
	CallUs   int64    `json:"call_us"`
	ReturnUs int64    `json:"return_us"`
	Balance  *int64   `json:"balance"` // after an append, of a read; nil where the answer does not say
	Keys     []string `json:"keys"`    // of a read: the whole statement, the oldest first
}

// A statement is known by its length and a hash over its keys in order.
type wallet struct {
	balance int64
	length  int
	hash    uint64
}

func (w wallet) with(key string, amount int64) wallet {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s", w.hash, key)
	return wallet{w.balance + amount, w.length + 1, h.Sum64()}
}

func statement(keys []string) (int, uint64) {
	w := wallet{}
	for _, key := range keys {
		w = w.with(key, 0)
	}
	return w.length, w.hash
}

func step(state, input, _ interface{}) []interface{} {
	w, op := state.(wallet), input.(Operation)
	switch op.Kind {
	case "init":
		w.length, w.hash = statement(op.Keys)
		w.balance = *op.Balance
		return []interface{}{w}
	case "append":
		after := w.with(op.Key, op.Amount)
		possible := after.balance >= 0 && (op.Balance == nil || *op.Balance == after.balance)
		unknown := op.ReturnUs == 0
		switch {
		case possible && unknown:
			return []interface{}{w, after}
		case possible:
			return []interface{}{after}
		case unknown:
			return []interface{}{w}
		}
		return nil
	case "refused": // too little money: so it was at some moment between question and answer
		if w.balance+op.Amount < 0 {
			return []interface{}{w}
		}
		return nil
	case "read":
		if length, hash := statement(op.Keys); length == w.length && hash == w.hash && (op.Balance == nil || *op.Balance == w.balance) {
			return []interface{}{w}
		}
		return nil
	}
	panic("what is " + op.Kind + "?")
}

var model = (&porcupine.NondeterministicModel{
	Init:  func() []interface{} { return []interface{}{wallet{}} },
	Step:  step,
	Equal: func(one, other interface{}) bool { return one == other },
}).ToModel()

func judge(ops []Operation, limit time.Duration) porcupine.CheckResult {
	var end int64
	for _, op := range ops {
		end = max(end, op.CallUs, op.ReturnUs)
	}
	history := make([]porcupine.Operation, len(ops))
	for at, op := range ops {
		returned := op.ReturnUs
		if returned == 0 {
			returned = end + 1 // nobody heard: it may take effect until the very end
		}
		history[at] = porcupine.Operation{ClientId: op.Client, Input: op, Call: op.CallUs, Return: returned}
	}
	return porcupine.CheckOperationsTimeout(model, history, limit)
}

func read(file string) map[string][]Operation {
	opened, err := os.Open(file)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	defer opened.Close()
	wallets := map[string][]Operation{}
	lines := bufio.NewScanner(opened)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	for lines.Scan() {
		var op Operation
		if err := json.Unmarshal(lines.Bytes(), &op); err != nil {
			fmt.Fprintln(os.Stderr, "a line cannot be read:", err)
			os.Exit(2)
		}
		wallets[op.Wallet] = append(wallets[op.Wallet], op)
	}
	return wallets
}

func main() {
	seeds := flag.Int("seeds", 10, "how often each mutation is planted into the record")
	limit := flag.Duration("limit", 2*time.Minute, "for one wallet; what is not decided by then is a failure")
	flag.Parse()
	wallets := read(flag.Arg(0))
	started := time.Now()
	operations, unknown, bad, undecided := 0, 0, []string{}, []string{}
	for name, ops := range wallets {
		operations += len(ops)
		for _, op := range ops {
			if op.Kind == "append" && op.ReturnUs == 0 {
				unknown++
			}
		}
		switch judge(ops, *limit) {
		case porcupine.Illegal:
			bad = append(bad, name)
		case porcupine.Unknown:
			undecided = append(undecided, name)
		}
	}
	took := time.Since(started)
	missed := []string{}
	planted := 0
	for _, mutation := range mutations {
		for seed := 0; seed < *seeds; seed++ {
			ops := plant(wallets, mutation, rand.New(rand.NewSource(int64(seed))))
			if ops == nil {
				missed = append(missed, fmt.Sprintf("%s %d: the record has no place for it", mutation.name, seed))
				continue
			}
			planted++
			if judge(ops, *limit) != porcupine.Illegal {
				missed = append(missed, fmt.Sprintf("%s %d", mutation.name, seed))
			}
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"wallets": len(wallets), "operations": operations, "unknown": unknown, "seconds": took.Seconds(),
		"bad": bad, "undecided": undecided, "planted": planted, "missed": missed,
	})
	if len(bad)+len(undecided)+len(missed) > 0 {
		os.Exit(1)
	}
}
