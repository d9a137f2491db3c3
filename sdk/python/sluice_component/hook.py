"""`hook`."""

import json

from componentize_py_types import Err
from wit_world.exports import hook as wire

from sluice_plugin.errors import BadSettings, HttpError, PluginError, Unavailable
from sluice_plugin.hook import Answer, Changes, Edit, Proceed, Refusal

from .bridge import seeded, told


class Hook:
    def prepare(self) -> wire.Decision:
        try:
            return _decision(seeded().prepare())
        except BadSettings as error:
            raise Err(wire.Error_BadSettings(str(error))) from None
        except (Unavailable, HttpError) as error:
            raise Err(wire.Error_Unavailable(str(error))) from None
        except PluginError as error:
            raise Err(wire.Error_Other(str(error))) from None
        except Exception as error:
            raise Err(wire.Error_Other(told(error))) from None


def _decision(decision: object) -> wire.Decision:
    match decision:
        case Proceed():
            return wire.Decision_Proceed()
        case Changes():
            return wire.Decision_Change(wire.Changes([_edit(edit) for edit in decision.edits], decision.model_group))
        case Answer():
            return wire.Decision_Answer(decision.text)
        case Refusal():
            refusal = wire.types.Refusal(decision.status, decision.code, decision.message, decision.retry_after_ms)
            return wire.Decision_Refuse(refusal)
    raise TypeError(f"`prepare` returned {type(decision).__name__}: return PROCEED, Changes, Answer or Refusal")


def _edit(edit: Edit) -> wire.Edit:
    if edit.action == "remove":
        return wire.Edit_Remove(edit.place)
    value = json.dumps(edit.value, ensure_ascii=False, separators=(",", ":"))
    return (wire.Edit_Set if edit.action == "set" else wire.Edit_Insert)((edit.place, value))
