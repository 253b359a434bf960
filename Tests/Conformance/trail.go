// Checks what keyturn exported with the Go project's own packages (golang.org/x/mod/sumdb).
//
// usage: trail VKEY_FILE LOG CHECKPOINT OLD_CHECKPOINT GROWTH_PROOF INCLUSION_PROOF ENTRY
package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// checkpoint opens a signed checkpoint: Go's own tree notes are older than C2SP's form of them.
func checkpoint(signed []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("no checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// proof takes a proof apart: the number on the line before the hashes, the hashes, the note.
func proof(text []byte) (int64, []tlog.Hash, []byte, error) {
	head, signed, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return 0, nil, nil, errors.New("no proof")
	}
	number := int64(-1)
	var hashes []tlog.Hash
	for _, line := range strings.Split(string(head), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "c2sp.org/tlog-proof@v1":
		case word == "index" || word == "old":
			parsed, err := strconv.ParseInt(rest, 10, 64)
			if err != nil {
				return 0, nil, nil, err
			}
			number = parsed
		default:
			raw, err := base64.StdEncoding.DecodeString(line)
			if err != nil || len(raw) != tlog.HashSize {
				return 0, nil, nil, errors.New("no hash: " + line)
			}
			hashes = append(hashes, *(*tlog.Hash)(raw))
		}
	}
	return number, hashes, signed, nil
}

func check(files [][]byte) error {
	verifier, err := note.NewVerifier(strings.TrimSpace(string(files[0])))
	if err != nil {
		return err
	}
	head, err := checkpoint(files[2], verifier)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	old, err := checkpoint(files[3], verifier)
	if err != nil {
		return fmt.Errorf("old checkpoint: %w", err)
	}

	// The root over the lines.
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	lines := bytes.Split(bytes.TrimSuffix(files[1], []byte("\n")), []byte("\n"))
	for number, line := range lines {
		hashes, err := tlog.StoredHashes(int64(number), line, reader)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(int64(len(lines)), reader)
	if err != nil {
		return err
	}
	if int64(len(lines)) != head.N || root != head.Hash {
		return errors.New("the lines are not those of the checkpoint")
	}

	// Growth.
	from, hashes, signed, err := proof(files[4])
	if err != nil {
		return err
	}
	grown, err := checkpoint(signed, verifier)
	if err != nil {
		return fmt.Errorf("growth: %w", err)
	}
	if from != old.N {
		return errors.New("the proof begins at another size")
	}
	if err := tlog.CheckTree(hashes, grown.N, grown.Hash, old.N, old.Hash); err != nil {
		return fmt.Errorf("growth: %w", err)
	}

	// Inclusion.
	index, hashes, signed, err := proof(files[5])
	if err != nil {
		return err
	}
	tree, err := checkpoint(signed, verifier)
	if err != nil {
		return fmt.Errorf("inclusion: %w", err)
	}
	leaf := tlog.RecordHash(files[6])
	if err := tlog.CheckRecord(hashes, tree.N, tree.Hash, index, leaf); err != nil {
		return fmt.Errorf("inclusion: %w", err)
	}
	return nil
}

func main() {
	var files [][]byte
	for _, path := range os.Args[1:] {
		text, err := os.ReadFile(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		files = append(files, text)
	}
	if err := check(files); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
