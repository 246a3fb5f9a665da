# SPDX-License-Identifier: BSD-2-Clause
#
# liquid_ruby: what Debian's ruby-liquid makes of templates, a line of JSON for each
#
# The other half of liquid_ruby.py; the lines are those of `mailtailor render --lines`.

require "json"
require "liquid"

# The partials of one line, by name.
Files = Struct.new(:templates) do
  def read_template_file(name)
    templates.fetch(name) { raise Liquid::FileSystemError, "no such partial: #{name}" }
  end
end

def render(line)
  template = Liquid::Template.parse(line["template"], error_mode: line["strict"] ? :strict : :lax)
  files = Files.new(line["templates"] || {})
  data = line["data"] || {}
  # Static ones are what a partial that is rendered sees as well.
  context = Liquid::Context.build(environments: [data], static_environments: [data],
                                  rethrow_errors: true, registers: { file_system: files })
  { result: template.render!(context) }
rescue StandardError, SystemStackError => e
  { error: e.message }
end

STDOUT.sync = true
STDIN.each_line do |line|
  answer = render(JSON.parse(line))
  begin
    puts JSON.generate(answer)
  rescue StandardError => e
    puts JSON.generate(error: e.class.name)
  end
end
