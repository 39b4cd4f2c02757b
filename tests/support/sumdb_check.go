// Checks a signed head, every entry's proof and proofs of growth with Go's own client of transparency logs,
// golang.org/x/mod/sumdb. Reads one JSON object from its input; prints what was accepted, or what was refused first.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Key        string
	Checkpoint string
	Entries    []string
	Proofs     [][]tlog.Hash
	Growth     []struct {
		Size  int64
		Root  tlog.Hash
		Proof []tlog.Hash
	}
}

func refuse(what string, err error) {
	if err != nil {
		fmt.Printf("refused: %s: %v\n", what, err)
		os.Exit(1)
	}
}

func main() {
	var asked question
	refuse("input", json.NewDecoder(os.Stdin).Decode(&asked))
	verifier, err := note.NewVerifier(asked.Key)
	refuse("key", err)
	signed, err := note.Open([]byte(asked.Checkpoint), note.VerifierList(verifier))
	refuse("signature", err)
	lines := strings.Split(signed.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	refuse("size", err)
	root, err := tlog.ParseHash(lines[2])
	refuse("root", err)
	for i, entry := range asked.Entries {
		refuse(fmt.Sprintf("entry %d", i), tlog.CheckRecord(asked.Proofs[i], size, root, int64(i), tlog.RecordHash([]byte(entry))))
	}
	for _, one := range asked.Growth {
		refuse(fmt.Sprintf("growth from %d", one.Size), tlog.CheckTree(one.Proof, size, root, one.Size, one.Root))
	}
	fmt.Printf("%s: %d entries, %d proofs of growth\n", verifier.Name(), len(asked.Entries), len(asked.Growth))
}
