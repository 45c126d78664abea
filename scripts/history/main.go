// Judges a recorded history of wallets: is there an order of what happened, in keeping with when each client asked and heard, in which
// every answer is right? The search is porcupine's; here stands only what a wallet is. A transaction touches one wallet, so each wallet
// may be judged alone, and together they are then strictly serializable. The second judge (graph.go) asks the same of all wallets at once,
// and of the reports that look at many of them.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// Operation is one line of the record. An append without an answer has ReturnUs 0: it happened, or not.
type Operation struct {
	Wallet   string   `json:"wallet"`
	Client   int      `json:"client"`
	Kind     string   `json:"kind"` // init, append, refused, read; report: of no wallet, what it shows of all of them
	Key      string   `json:"key"`
	Amount   int64    `json:"amount"`
	CallUs   int64    `json:"call_us"`
	ReturnUs int64    `json:"return_us"`
	Balance  *int64   `json:"balance"` // after an append, of a read; nil where the answer does not say
	Keys     []string `json:"keys"`    // of a read: the whole statement, the oldest first; of a report: payments and refunds, in any order
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

// settled narrows when an append that nobody heard of may have happened, by what the statements say: with eight such appends of a wallet the
// search would else go through every order of them at every moment. It was before the first statement that shows it was answered. One that no statement
// shows, the last of them taken after everything else was answered, happened after all that is judged or never: it is left out.
func settled(ops []Operation) []Operation {
	shown := map[string]int64{}
	var answered, lastAsked int64
	for _, op := range ops {
		answered = max(answered, op.ReturnUs)
		if op.Kind == "read" {
			lastAsked = max(lastAsked, op.CallUs)
			for _, key := range op.Keys {
				if at, ok := shown[key]; !ok || op.ReturnUs < at {
					shown[key] = op.ReturnUs
				}
			}
		}
	}
	for _, op := range ops {
		if op.Kind != "read" && max(op.CallUs, op.ReturnUs) >= lastAsked {
			return ops // no statement ends it
		}
	}
	kept := make([]Operation, 0, len(ops))
	for _, op := range ops {
		if op.Kind == "append" && op.ReturnUs == 0 {
			at, ok := shown[op.Key]
			if !ok {
				continue
			}
			op.ReturnUs = max(op.CallUs, at)
		}
		kept = append(kept, op)
	}
	return kept
}

func judge(ops []Operation, limit time.Duration) porcupine.CheckResult {
	ops = settled(ops)
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

// verdict of both judges on a whole record.
type verdict struct {
	bad, undecided []string // by porcupine, wallet by wallet
	graph          []string // by the graph, over all of them
}

func judgeAll(wallets map[string][]Operation, limit time.Duration) verdict {
	found := verdict{bad: []string{}, undecided: []string{}}
	for _, name := range sorted(wallets) {
		if name == everybody {
			continue
		}
		switch judge(wallets[name], limit) {
		case porcupine.Illegal:
			found.bad = append(found.bad, name)
		case porcupine.Unknown:
			found.undecided = append(found.undecided, name)
		}
	}
	found.graph = graphProblems(wallets)
	return found
}

// plantAll tells every lie several times and says which judge did not see it.
func plantAll(wallets map[string][]Operation, times int, limit time.Duration) (planted int, missed []string) {
	missed = []string{}
	for _, mutation := range mutations {
		for seed := 0; seed < times; seed++ {
			where, ops := plant(wallets, mutation, rand.New(rand.NewSource(int64(seed))))
			if ops == nil {
				missed = append(missed, fmt.Sprintf("%s %d: the record has no place for it", mutation.name, seed))
				continue
			}
			planted++
			if where != everybody && judge(ops, limit) != porcupine.Illegal {
				missed = append(missed, fmt.Sprintf("%s %d: by porcupine, in %s", mutation.name, seed, where))
			}
			changed := maps.Clone(wallets)
			changed[where] = ops
			if len(graphProblems(changed)) == 0 {
				missed = append(missed, fmt.Sprintf("%s %d: by the graph, in %s", mutation.name, seed, where))
			}
		}
	}
	return planted, missed
}

func main() {
	times := flag.Int("seeds", 10, "how often each lie is planted into the record")
	limit := flag.Duration("limit", 20*time.Second, "for one wallet; what is not decided by then is a failure")
	flag.Parse()
	wallets := read(flag.Arg(0))
	started := time.Now()
	operations, unknown := 0, 0
	for _, ops := range wallets {
		operations += len(ops)
		for _, op := range ops {
			if op.Kind == "append" && op.ReturnUs == 0 {
				unknown++
			}
		}
	}
	found := judgeAll(wallets, *limit)
	took := time.Since(started)
	planted, missed := plantAll(wallets, *times, *limit)
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"wallets": len(wallets) - min(1, len(wallets[everybody])), "operations": operations, "unknown": unknown, "reports": len(wallets[everybody]),
		"seconds": took.Seconds(), "lie_seconds": (time.Since(started) - took).Seconds(),
		"bad": found.bad, "undecided": found.undecided, "graph": found.graph, "planted": planted, "missed": missed,
	})
	if len(found.bad)+len(found.undecided)+len(found.graph)+len(missed) > 0 {
		os.Exit(1)
	}
}
