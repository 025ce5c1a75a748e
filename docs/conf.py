"""Configures Sphinx. `make docs` builds the site into `docs/_build`."""

project = "Chat"
author = "the authors of Chat"
extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Chat"
html_extra_path = ["llms.txt", "openapi.yaml", "asyncapi.yaml"]
html_copy_source = False
myst_heading_anchors = 3
nitpicky = True
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_line_continuation_character = "\\"
suppress_warnings = ["misc.highlighting_failure"]  # examples with an ellipsis, diagrams
