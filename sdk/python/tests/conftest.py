import os
import pathlib
import sys

# LiteLLM's price list otherwise comes from the network.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
