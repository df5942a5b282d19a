"""Has sqlfluff parse statements of a dialect: files with JSON lists of texts. Tells those it refuses."""

import json
import re
import sys

from sqlfluff.core import Linter

# In Snowflake's reference, and not in this grammar: each with the page it stands on.
GAPS = {
    r"COMMENT ON ROLE ": "COMMENT: sql-reference/sql/comment names ROLE",
}

# What is bound stands for a value; the grammar knows values only.
BOUND = re.compile(r'"(?:[^"]|"")*"|' r"'(?:[^'\\]|''|\\.)*'" r"|\?")


def with_values(text):
    return BOUND.sub(lambda part: "NULL" if part[0] == "?" else part[0], text)


def main(dialect, files):
    linter = Linter(dialect=dialect)
    parsed, refused, gaps = 0, 0, 0
    for file in files:
        with open(file, encoding="utf-8") as stream:
            texts = json.load(stream)
        if not texts or not all(isinstance(text, str) for text in texts):
            sys.exit(f"{file}: must be a JSON list of statements")
        for text in texts:
            if any(re.match(form, text) for form in GAPS):
                gaps += 1
                continue
            problems = linter.parse_string(with_values(text)).violations
            parsed += 1
            if problems:
                refused += 1
                print(f"refused: {text}\n  {str(problems[0])[:300]}")
    print(f"{dialect}: {parsed} statements parsed, {refused} refused, {gaps} of forms that the grammar has not.")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
