"""`guardrail`."""

import json

from componentize_py_types import Err
from wit_world.exports import guardrail as wire

from sluice_plugin.errors import BadSettings, HttpError, PluginError, Unavailable
from sluice_plugin.guardrail import Block, Hold, Pass, Passage, Rewrite

from .bridge import seeded, told

_STAGES = {stage: stage.name.lower().replace("_", "-") for stage in wire.Stage}


class Guardrail:
    def inspect(self, stage: wire.Stage, passages: list[wire.Passage]) -> wire.Verdict:
        try:
            shown = [Passage(passage.role, passage.text, passage.before) for passage in passages]
            return _verdict(seeded().inspect(_STAGES[stage], shown))
        except BadSettings as error:
            raise Err(wire.Error_BadSettings(str(error))) from None
        except (Unavailable, HttpError) as error:
            raise Err(wire.Error_Unavailable(str(error))) from None
        except PluginError as error:
            raise Err(wire.Error_Other(str(error))) from None
        except Exception as error:
            raise Err(wire.Error_Other(told(error))) from None


def _verdict(verdict: object) -> wire.Verdict:
    match verdict:
        case Pass():
            return wire.Verdict_Pass()
        case Rewrite():
            edits = [
                wire.Edit(edit, 0) if isinstance(edit, str) else wire.Edit(edit.text, edit.hold) for edit in verdict.edits
            ]
            return wire.Verdict_Rewrite(edits)
        case Hold():
            return wire.Verdict_Hold(list(verdict.counts))
        case Block():
            detail = "" if verdict.detail is None else json.dumps(verdict.detail, ensure_ascii=False)
            return wire.Verdict_Block(wire.Violation(verdict.code, verdict.message, detail))
    raise TypeError(f"`inspect` returned {type(verdict).__name__}: return PASS, Rewrite, Hold or Block")
