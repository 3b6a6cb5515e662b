"""The manual as a page: tools/header_html.py include/framewire.h >framewire.h.html

Reads the header as cbindgen writes it, no C in general. A declaration without a comment is an error.
"""
import html
import re
import sys

STYLE = """
:root { color-scheme: light dark; --quiet: color-mix(in srgb, currentColor 62%, transparent);
  --line: color-mix(in srgb, currentColor 16%, transparent); --tint: color-mix(in srgb, currentColor 5%, transparent);
  --link: light-dark(#0550ae, #79b8ff) }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; display: grid; grid-template-columns: 17rem minmax(0, 1fr) }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem 1rem; border-right: 1px solid var(--line);
  font-size: .8rem; line-height: 1.7 }
nav summary { font-weight: 600; cursor: pointer }
nav a { display: block; padding-left: 1rem; overflow: hidden; text-overflow: ellipsis }
main { padding: 1.5rem clamp(1rem, 4vw, 3rem) 20vh; max-width: 62rem }
a { color: var(--link); text-decoration: none } a:hover { text-decoration: underline }
h2 { margin: 3.5rem 0 0; padding-top: 1rem; border-top: 1px solid var(--line) }
section { margin: 2.2rem 0 } section:target > pre:first-child { outline: 2px solid var(--link) }
pre, code { font: .85rem/1.5 ui-monospace, monospace }
pre { margin: 0 0 .6rem; padding: .7rem 1rem; overflow: auto; background: var(--tint); border-radius: 6px }
p { margin: .5rem 0; max-width: 46rem }
dl { margin: .5rem 0 .5rem 1rem } dt { margin-top: .5rem } dd { margin: 0 0 0 1.5rem; color: var(--quiet); max-width: 42rem }
@media (max-width: 50rem) { body { display: block } nav { position: static; height: auto; border: 0 } }
"""


def parse(header):
    """The introduction, and (kind, name, comment, code) of each declaration."""
    intro, rest = header.split("*/", 1)
    items, comment, code = [], [], []
    for line in rest.splitlines():
        if line.startswith("//"):
            comment.append(line[2:].removeprefix(" "))
        elif not code and (not line or line.startswith(("#if", "#endif", "#include", "extern", "#define FRAMEWIRE_H", "}"))):
            comment = []
        else:
            code.append(line)
            inside = code[0].endswith("{") and not line.startswith("}")
            if line.startswith("#define") or (line.endswith(";") and not inside):
                items.append((*kind(code), comment, code))
                comment, code = [], []
    return intro, items


def kind(code):
    text = " ".join(code)
    if found := re.match(r"#define (\w+)", text):
        return "constant", found[1]
    if found := re.match(r"typedef struct (\w+) \1;", text):
        return "handle", found[1]
    if found := re.match(r"typedef (struct|enum) (\w+) \{", text):
        return found[1], found[2]
    return "function", re.search(r"(\w+)\(", text)[1]


def fields(code):
    """(comment, declaration) of what is between the braces."""
    comment = []
    for line in (line.strip() for line in code[1:-1]):
        if line.startswith("//"):
            comment.append(line[2:].strip())
        else:
            yield comment, line
            comment = []


def page(header):
    intro, items = parse(header)
    bare = [name for _, name, comment, _ in items if not comment]
    bare += [f"{name}: {line}" for _, name, _, code in items for comment, line in fields(code) if code[0].endswith("{") and not comment]
    if bare:
        sys.exit("no comment: " + ", ".join(bare))
    handles = [name for kind, name, _, _ in items if kind == "handle"]
    names = {name for _, name, _, _ in items}
    anchors = names | {m for kind, _, _, code in items if kind == "enum" for m in re.findall(r"^    (FRAMEWIRE_\w+)", "\n".join(code), re.M)}

    def linked(text):
        return re.sub(r"\b(framewire|FRAMEWIRE)_\w+", lambda m: f'<a href="#{m[0]}">{m[0]}</a>' if m[0] in anchors else m[0], html.escape(text))

    def worded(text):
        return re.sub(r"`([^`]+)`", r"<code>\1</code>", linked(text))

    def prose(lines):
        """Paragraphs; what is indented further is code."""
        out, last = [], None
        for line in lines:
            shape = None if not line.strip() else "pre" if line.startswith("   ") else "p"
            if shape and shape == last:
                out[-1][1].append(line)
            elif shape:
                out.append((shape, [line]))
            last = shape
        joined = {"p": " ", "pre": "\n"}
        return "".join(f"<{shape}>{worded(joined[shape].join(of))}</{shape}>\n" for shape, of in out)

    def listed(kind, code):
        """The members of an enum or struct."""
        for comment, line in fields(code):
            anchor = f' id="{line.split()[0]}"' if kind == "enum" else ""
            yield f"<dt{anchor}><code>{linked(line.rstrip(';,'))}</code></dt><dd>{worded(' '.join(comment))}</dd>"

    def home(kind, name):
        """The object that it belongs to: the longest that its name begins with."""
        mine = [h for h in handles if name == h or name.startswith(h + "_")]
        # A plain struct of frames is what is pushed and viewed.
        return max(mine, key=len) if mine else "framewire_frame" if name.endswith("_frame") else ""

    groups = {"": [], **{h: [] for h in handles}}
    for kind, name, comment, code in items:
        groups[home(kind, name)].append((kind, name, comment, code))
    order = {k: n for n, k in enumerate(("constant", "handle", "function", "enum", "struct"))}
    nav, main = [], []
    for group, of in groups.items():
        of.sort(key=lambda item: order[item[0]])  # stable: as in the header
        title, opened = group.removeprefix("framewire_") or "everywhere", "" if group else " open"
        links = (f'<a href="#{name}">{name.removeprefix("framewire_")}</a>' for _, name, _, _ in of)
        nav.append(f"<details{opened}><summary>{title}</summary>{''.join(links)}</details>")
        main.append(f"<h2>{title}</h2>")
        for kind, name, comment, code in of:
            members = code[0].endswith("{")
            shown = linked(f"{kind} {name}" if members else "\n".join(code))
            shown = shown.replace(f'<a href="#{name}">{name}</a>', f"<b>{name}</b>")
            more = f"<dl>{''.join(listed(kind, code))}</dl>" if members else ""
            main.append(f'<section id="{name}"><pre>{shown}</pre>\n{prose(comment)}{more}</section>')
    introduction = [line.removeprefix(" *").removeprefix(" ") for line in intro.splitlines()[1:]]
    return (f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>framewire.h</title><style>{STYLE}</style>\n<body><nav>{''.join(nav)}</nav>\n<main><h1>framewire.h</h1>\n"
            f"{prose(introduction)}{''.join(main)}</main></body></html>\n")


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as header:
        sys.stdout.write(page(header.read()))
