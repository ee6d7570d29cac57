// Auditor recounts a campaign with golang.org/x/mod/sumdb, the log library of the Go project, and nothing of Headcount's.
//
// It opens the checkpoint with the log key of the genesis, rebuilds the tree from the entries, compares every tile with
// it, proves that an older checkpoint is a beginning of this log, recounts the pledges and compares them with counts.json.
//
// usage: auditor URL|FOLDER [OLDER_CHECKPOINT]    prints the sums as JSON; exit 3 and a sentence if anything is wrong
package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // of a tile, fixed by C2SP tlog-tiles

type genesis struct {
	OriginName   string `json:"origin_name"`
	LogKey       string `json:"log_key"`
	OrganiserKey string `json:"organiser_key"`
}

// counts has the members of counts.json that follow from the log.
type counts struct {
	LogSize int64            `json:"log_size"`
	Total   int64            `json:"total"`
	Places  map[string]int64 `json:"places"`
	Regions map[string]int64 `json:"regions"`
	Root    int64            `json:"root"`
}

type report struct {
	counts
	Tiles         int   `json:"tiles"`
	Announcements int   `json:"announcements"`
	Older         int64 `json:"older"`
}

// source is a campaign's address or a folder with its files.
type source string

func (s source) read(path string) ([]byte, error) {
	if !strings.HasPrefix(string(s), "http://") {
		return os.ReadFile(filepath.Join(string(s), path))
	}
	answer, err := http.Get(string(s) + "/" + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

// path is C2SP's name of a tile: the library's, without the height, and with another word for entries.
func path(t tlog.Tile) string {
	p := strings.Replace(t.Path(), "tile/8/", "tile/", 1)
	return "log/" + strings.Replace(p, "tile/data/", "tile/entries/", 1)
}

// Height, ReadTiles and SaveTiles make a source what the library reads tiles from; the library checks them by the root.
func (s source) Height() int { return height }

func (s source) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		data, err := s.read(path(t))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (s source) SaveTiles([]tlog.Tile, [][]byte) {}

// row lists the tiles of a level that holds so many hashes or entries.
func row(level int, count int64) []tlog.Tile {
	var tiles []tlog.Tile
	for start := int64(0); start < count; start += 1 << height {
		width := count - start
		if width > 1<<height {
			width = 1 << height
		}
		tiles = append(tiles, tlog.Tile{H: height, L: level, N: start >> height, W: int(width)})
	}
	return tiles
}

func verifier(name, key string) (note.Verifiers, error) {
	public, err := base64.URLEncoding.DecodeString(key)
	if err != nil {
		return nil, err
	}
	text, err := note.NewEd25519VerifierKey(name, ed25519.PublicKey(public))
	if err != nil {
		return nil, err
	}
	known, err := note.NewVerifier(text)
	if err != nil {
		return nil, err
	}
	return note.VerifierList(known), nil
}

func open(checkpoint []byte, name string, known note.Verifiers) (tlog.Tree, error) {
	opened, err := note.Open(checkpoint, known)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != name || lines[3] != "" {
		return tlog.Tree{}, errors.New("checkpoint: it is of another log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 1 {
		return tlog.Tree{}, errors.New("checkpoint: there is no size")
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func readEntries(s source, size int64) ([][]byte, error) {
	var entries [][]byte
	for _, t := range row(-1, size) {
		bundle, err := s.read(path(t))
		if err != nil {
			return nil, err
		}
		before := len(entries)
		for len(bundle) > 0 {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("%s breaks off", path(t))
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			entries, bundle = append(entries, bundle[2:end]), bundle[end:]
		}
		if len(entries)-before != t.W {
			return nil, fmt.Errorf("%s has %d entries instead of %d", path(t), len(entries)-before, t.W)
		}
	}
	return entries, nil
}

// checkTree rebuilds the tree from the entries and compares root, leaf hashes and every tile with it.
func checkTree(s source, tree tlog.Tree, entries [][]byte) (tiles int, err error) {
	var stored []tlog.Hash
	memory := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, i := range indexes {
			found = append(found, stored[i])
		}
		return found, nil
	})
	var leaves []int64
	for n, entry := range entries {
		hashes, err := tlog.StoredHashes(int64(n), entry, memory)
		if err != nil {
			return 0, err
		}
		stored = append(stored, hashes...)
		leaves = append(leaves, tlog.StoredHashIndex(0, int64(n)))
	}
	if root, err := tlog.TreeHash(tree.N, memory); err != nil || root != tree.Hash {
		return 0, errors.New("the entries do not give the root of the checkpoint")
	}
	served, err := tlog.TileHashReader(tree, s).ReadHashes(leaves)
	if err != nil {
		return 0, err
	}
	for n, entry := range entries {
		if served[n] != tlog.RecordHash(entry) {
			return 0, fmt.Errorf("entry %d has another hash than its tile says", n)
		}
	}
	for level, count := 0, tree.N; count > 0; level, count = level+1, count>>height {
		for _, t := range row(level, count) {
			data, err := s.read(path(t))
			if err != nil {
				return 0, err
			}
			if right, err := tlog.ReadTileData(t, memory); err != nil || !bytes.Equal(data, right) {
				return 0, fmt.Errorf("%s is not what the entries give", path(t))
			}
			tiles++
		}
	}
	return tiles, nil
}

// recount adds up the pledges by level and area, and demands that they stand in groups as announced.
func recount(entries [][]byte, organiser note.Verifiers) (report, error) {
	sums := report{counts: counts{LogSize: int64(len(entries)), Places: map[string]int64{}, Regions: map[string]int64{}}}
	var area []byte // level and area of the group under way
	var missing uint32
	for n, entry := range entries[1:] {
		wrong := fmt.Errorf("entry %d is out of place", n+1)
		if pledge := len(entry) == 326 && entry[0] == 2; pledge != (missing > 0) {
			return sums, wrong
		} else if pledge {
			if !bytes.Equal(entry[1:6], area) {
				return sums, wrong
			}
			missing--
			sums.Total++
			index := strconv.FormatUint(uint64(binary.BigEndian.Uint32(area[1:])), 10)
			switch area[0] {
			case 2:
				sums.Places[index]++
			case 1:
				sums.Regions[index]++
			case 0:
				sums.Root++
			default:
				return sums, wrong
			}
		} else if len(entry) == 14 && entry[0] == 1 {
			area, missing = entry[5:10], binary.BigEndian.Uint32(entry[10:])
		} else if len(entry) > 0 && entry[0] == 3 {
			if _, err := note.Open(entry[1:], organiser); err != nil {
				return sums, fmt.Errorf("announcement: %w", err)
			}
			sums.Announcements++
		}
	}
	if missing > 0 {
		return sums, errors.New("the last group breaks off")
	}
	return sums, nil
}

func audit(s source, older string) (sums report, err error) {
	document, err := s.read("campaign")
	if err != nil {
		return sums, err
	}
	var g genesis
	if err := json.Unmarshal(document, &g); err != nil {
		return sums, err
	}
	id := tlog.RecordHash(document)
	name := fmt.Sprintf("%s/%x", g.OriginName, id[:])
	known, err := verifier(name, g.LogKey)
	if err != nil {
		return sums, err
	}
	organiser, err := verifier(name+"/organiser", g.OrganiserKey)
	if err != nil {
		return sums, err
	}
	checkpoint, err := s.read("log/checkpoint")
	if err != nil {
		return sums, err
	}
	tree, err := open(checkpoint, name, known)
	if err != nil {
		return sums, err
	}
	entries, err := readEntries(s, tree.N)
	if err != nil {
		return sums, err
	}
	if !bytes.Equal(entries[0], document) {
		return sums, errors.New("the log begins with another genesis")
	}
	tiles, err := checkTree(s, tree, entries)
	if err != nil {
		return sums, err
	}
	if sums, err = recount(entries, organiser); err != nil {
		return sums, err
	}
	sums.Tiles = tiles
	if err := compare(s, sums.counts); err != nil || older == "" {
		return sums, err
	}
	sums.Older, err = checkOlder(s, tree, older, name, known)
	return sums, err
}

func compare(s source, recounted counts) error {
	var shown counts
	document, err := s.read("counts.json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(document, &shown); err != nil {
		return err
	}
	if !reflect.DeepEqual(shown, recounted) {
		return errors.New("counts.json shows other numbers than the log")
	}
	return nil
}

// checkOlder proves from the tiles that the log of an older checkpoint is a beginning of this one.
func checkOlder(s source, tree tlog.Tree, older, name string, known note.Verifiers) (int64, error) {
	checkpoint, err := os.ReadFile(older)
	if err != nil {
		return 0, err
	}
	old, err := open(checkpoint, name, known)
	if err != nil {
		return 0, err
	}
	proof, err := tlog.ProveTree(tree.N, old.N, tlog.TileHashReader(tree, s))
	if err != nil {
		return 0, err
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return 0, errors.New("the older checkpoint is of another history")
	}
	return old.N, nil
}

func main() {
	older := ""
	if len(os.Args) > 2 {
		older = os.Args[2]
	}
	sums, err := audit(source(os.Args[1]), older)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	_ = json.NewEncoder(os.Stdout).Encode(sums)
}
