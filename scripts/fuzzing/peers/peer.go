// Reads lines of "kind hex" and writes, for each, what Go's standard library makes of those bytes: one line, or "refused".
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strings"
)

const instance = "http://www.w3.org/2001/XMLSchema-instance"

var readers = map[string]func([]byte) (string, error){
	"json": readJSON, "form": readForm, "xml": readXML, "answer": readAnswer, "request": readRequest,
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		kind, data, _ := strings.Cut(lines.Text(), " ")
		raw, err := hex.DecodeString(data)
		if err != nil {
			panic(err)
		}
		said, err := readers[kind](raw)
		if err != nil {
			said = "refused"
		}
		fmt.Fprintln(out, said)
	}
}

func text(value string) string { return hex.EncodeToString([]byte(value)) }

func readJSON(raw []byte) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value interface{}
	if err := decoder.Decode(&value); err != nil {
		return "", err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return "", fmt.Errorf("more")
	}
	return shown(value)
}

func shown(value interface{}) (string, error) {
	switch value := value.(type) {
	case nil:
		return "n", nil
	case bool:
		return map[bool]string{true: "t", false: "f"}[value], nil
	case string:
		return "s" + text(value), nil
	case json.Number:
		number, err := value.Float64()
		if number == 0 {
			number = 0 // of either sign
		}
		return fmt.Sprintf("d%016x", math.Float64bits(math.Abs(number)*sign(number))), err
	case []interface{}:
		parts := []string{}
		for _, item := range value {
			part, err := shown(item)
			if err != nil {
				return "", err
			}
			parts = append(parts, part)
		}
		return "[" + strings.Join(parts, ",") + "]", nil
	case map[string]interface{}:
		parts := []string{}
		for name, item := range value {
			part, err := shown(item)
			if err != nil {
				return "", err
			}
			parts = append(parts, text(name)+":"+part)
		}
		sort.Strings(parts)
		return "{" + strings.Join(parts, ",") + "}", nil
	}
	return "", fmt.Errorf("odd")
}

func sign(number float64) float64 {
	if number < 0 {
		return -1
	}
	return 1
}

func readForm(raw []byte) (string, error) {
	values, err := url.ParseQuery(string(raw))
	if err != nil {
		return "", err
	}
	parts := []string{}
	for name, all := range values {
		for _, value := range all {
			parts = append(parts, text(name)+"="+text(value))
		}
	}
	sort.Strings(parts)
	return "form " + strings.Join(parts, "&"), nil
}

type element struct {
	attributes []string
	children   []string
	text       string
}

func readXML(raw []byte) (string, error) {
	decoder := xml.NewDecoder(bytes.NewReader(raw))
	decoder.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	open := []*element{{}}
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, &element{attributes: attributes(token.Attr)})
		case xml.EndElement:
			done := open[len(open)-1]
			open = open[:len(open)-1]
			above := open[len(open)-1]
			above.children = append(above.children, done.shown(token.Name.Local))
		case xml.CharData:
			open[len(open)-1].text += string(token)
		}
	}
	return strings.Join(open[0].children, ""), nil
}

func attributes(all []xml.Attr) []string {
	parts := []string{}
	for _, one := range all {
		name := one.Name.Local
		if one.Name.Space == "xmlns" || (one.Name.Space == "" && name == "xmlns") {
			continue
		}
		if one.Name.Space == instance {
			name = "xsi:" + name
		} else if one.Name.Space != "" {
			name = one.Name.Space + "?" + name
		}
		// Go leaves line ends in attributes, which XML turns into blanks.
		value := strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(one.Value)
		parts = append(parts, text(name)+"="+text(value))
	}
	sort.Strings(parts)
	return parts
}

func (one *element) shown(name string) string {
	inside := strings.Join(one.children, "")
	if inside == "" {
		inside = text(one.text)
	}
	return "(" + text(name) + " " + strings.Join(one.attributes, " ") + " " + inside + ")"
}

func readAnswer(raw []byte) (string, error) {
	reader := bufio.NewReader(bytes.NewReader(raw))
	request := &http.Request{Method: "GET"}
	for {
		answer, err := http.ReadResponse(reader, request)
		if err != nil {
			return "", err
		}
		if answer.StatusCode < 200 {
			continue
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return "", err
		}
		left, _ := io.ReadAll(reader)
		return fmt.Sprintf("%d %x %x", answer.StatusCode, body, left), nil
	}
}

func readRequest(raw []byte) (string, error) {
	reader := bufio.NewReader(bytes.NewReader(raw))
	request, err := http.ReadRequest(reader)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return "", err
	}
	left, _ := io.ReadAll(reader)
	parts := []string{}
	for name, values := range request.Header {
		for _, value := range values {
			parts = append(parts, text(strings.ToLower(name))+"="+text(value))
		}
	}
	sort.Strings(parts)
	path, host := text(request.URL.Path), text(strings.ToLower(request.Host))
	return fmt.Sprintf("%s %s %s %s %x %x", request.Method, path, host, strings.Join(parts, "&"), body, left), nil
}
