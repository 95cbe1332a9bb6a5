# imece_embed(OUTPUT FILES...): a .cc with the files' bytes, found by embedded_file(name).
function(imece_embed output)
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" -D "OUTPUT=${output}" -D "FILES=${ARGN}"
            -P "${CMAKE_CURRENT_SOURCE_DIR}/embed_files.cmake"
    DEPENDS ${ARGN} "${CMAKE_CURRENT_SOURCE_DIR}/embed_files.cmake" VERBATIM)
endfunction()

# imece_embed_console(OUTPUT DIRECTORY): a .cc with what `./dev` built of console/, as console_files(). The list of it is
# DIRECTORY/files.txt; an empty one stands for a console that could not be built, so that all else still can.
function(imece_embed_console output directory)
  if(NOT EXISTS "${directory}/files.txt")
    file(WRITE "${directory}/files.txt" "")
  endif()
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" -D "OUTPUT=${output}" -D "DIRECTORY=${directory}"
            -P "${CMAKE_CURRENT_SOURCE_DIR}/embed_console.cmake"
    DEPENDS "${directory}/files.txt" "${CMAKE_CURRENT_SOURCE_DIR}/embed_console.cmake" VERBATIM)
endfunction()

# imece_contract_set(OUTPUT): all contracts with their comments, which the generated code leaves out.
function(imece_contract_set output)
  file(GLOB_RECURSE protos CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/proto/imece/*.proto")
  find_program(PROTOC protoc REQUIRED)
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${PROTOC}" -I "${CMAKE_SOURCE_DIR}/proto" -I /usr/share/gocode/src/github.com/gogo/googleapis
            --include_source_info "--descriptor_set_out=${output}" ${protos}
    DEPENDS ${protos} VERBATIM)
endfunction()
