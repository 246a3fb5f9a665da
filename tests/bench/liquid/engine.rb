# SPDX-License-Identifier: BSD-2-Clause
#
# Shopify's Liquid, with liquid-c where the variant says so, as one of the engines that run.py
# compares; see ours.c for the protocol.

require 'json'
require 'liquid'

BATCH = 50

variant, mode, template, data, partials = ARGV
abort 'engine.rb: Liquid escapes nothing by itself' if mode == 'html'
require 'liquid/c' if variant == 'c'

module Money
  def money(amount, *)
    whole, fraction = format('%.2f', amount).split('.')
    "$#{whole.gsub(/(\d)(?=(\d{3})+$)/, '\1,')}.#{fraction}"
  end
end
Liquid::Template.register_filter(Money)

class Folder
  def initialize(path)
    @path = path
  end

  def read_template_file(name)
    File.read("#{@path}/#{name}")
  end
end
Liquid::Template.file_system = Folder.new(partials)

def now(clock)
  Process.clock_gettime(clock, :nanosecond)
end

def each_line_for_ever(path, &block)
  loop { File.foreach(path, &block) }
end

# increment and decrement count in the outermost object: it is copied, one level deep.
def run(template, lines, seconds)
  renders = wall = cpu = size = 0
  while wall < seconds * 1e9
    batch = Array.new(BATCH) { JSON.parse(lines.next) }
    wall_began = now(Process::CLOCK_MONOTONIC)
    cpu_began = now(Process::CLOCK_PROCESS_CPUTIME_ID)
    batch.each { |row| size += template.render(row.dup).bytesize }
    cpu += now(Process::CLOCK_PROCESS_CPUTIME_ID) - cpu_began
    wall += now(Process::CLOCK_MONOTONIC) - wall_began
    renders += BATCH
  end
  puts "#{renders} #{wall} #{cpu} #{size}"
end

def write(template, data, step, path)
  File.open(path, 'wb') do |out|
    File.foreach(data).with_index do |line, number|
      next unless (number % step).zero?

      output = template.render(JSON.parse(line))
      out.write("#{number} #{output.bytesize}\n#{output}\n")
    end
  end
  puts 'written'
end

$stdout.sync = true
parsed = Liquid::Template.parse(File.read(template))
lines = enum_for(:each_line_for_ever, data)
version = Liquid::VERSION
version += ", liquid-c #{Gem.loaded_specs['liquid-c']&.version || Liquid::C::VERSION}" if variant == 'c'
version += ', YJIT' if defined?(RubyVM::YJIT) && RubyVM::YJIT.enabled?
puts "ready #{version}, Ruby #{RUBY_VERSION}"
$stdin.each_line do |line|
  words = line.split
  if words[0] == 'write'
    write(parsed, data, words[1].to_i, words[2])
  else
    run(parsed, lines, words[1].to_f)
  end
end
